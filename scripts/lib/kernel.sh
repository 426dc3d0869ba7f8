# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the kernel scripts share: where things live, which versions there are, how a series becomes commits.
# Sourced, never run. Sourcing it changes nothing outside the shell's variables.

shopt -s inherit_errexit

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=${PROVFS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/provfs}
program=${0##*/}

say() { printf '%s: %s\n' "$program" "$*" >&2; }

# die CAUSE [WAY OUT]...: exit 2 is trouble, apart from the 1 that means "looked, and it is not well".
die() {
  local line
  printf '%s: %s\n' "$program" "$1" >&2
  shift
  for line in "$@"; do printf '%*s  %s\n' "${#program}" '' "$line" >&2; done
  exit 2
}

# The text between the first two lines of the calling script that read "# ---".
print_help() { awk '/^# ---$/ { inside = !inside; next } inside { sub(/^# ?/, ""); print }' "$0"; }

versions() {
  local directory
  for directory in "$repository"/patches/[0-9]*/; do
    if [[ -f $directory/series ]]; then basename "$directory"; fi
  done | sort -V
}

require_version() {
  [[ -f $repository/patches/$1/series ]] ||
    die "there is no series for kernel $1 ($repository/patches/$1/series)" "versions here: $(versions | paste -sd' ')"
}

# Kernel builds starve whatever else runs: lowest priority, and one at a time for the whole cache.
quietly() { nice -n 19 "$@"; }

# with_build_lock PROGRAM ARGUMENT...: runs a program that asks holds_build_lock.
holds_build_lock() { [[ ${PROVFS_BUILD_LOCK_HELD:-} == "$cache" ]]; }

with_build_lock() {
  mkdir -p "$cache"
  exec 9>"$cache/build.lock"
  if ! flock -n 9; then
    say "waiting for another kernel build to finish ($cache/build.lock)"
    flock 9
  fi
  PROVFS_BUILD_LOCK_HELD=$cache "$@" 9>&-
}

# git as a tool: the user's own configuration (hooks, signing, line endings, diff options) changes nothing.
plain_git() {
  GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 git -c core.quotePath=false -c core.hooksPath=/dev/null \
    -c core.trustctime=false -c core.checkStat=minimal \
    -c user.name=provfs -c user.email=provfs@localhost "$@"
}

# The patch files of a version in order, as paths.
series_patches() {
  local directory=$repository/patches/$1 line
  while IFS= read -r line; do
    line=${line%%#*}
    line=${line//[[:space:]]/}
    [[ -n $line ]] || continue
    [[ -f $directory/$line ]] || die "$directory/series names $line, which is not there" "run scripts/series.sh"
    printf '%s\n' "$directory/$line"
  done <"$directory/series"
}

# commit_series VERSION REPOSITORY BASE: one commit for each patch on top of BASE, made in an index of its own so that
# no work tree is touched; prints the last commit's id. The same patches on the same base give the same id.
# As strict as git am: offsets are taken, fuzz is not.
commit_series() {
  local version=$1 tree_repository=$2 commit tree patch patches message index
  patches=$(series_patches "$version")
  commit=$(plain_git -C "$tree_repository" rev-parse "$3^{commit}")
  index=$(mktemp -u "${TMPDIR:-/tmp}/provfs-index.XXXXXX")
  message=$(mktemp "${TMPDIR:-/tmp}/provfs-message.XXXXXX")
  # shellcheck disable=SC2064 # the paths of now are meant
  trap "rm -f '$index' '$message'" RETURN
  GIT_INDEX_FILE=$index plain_git -C "$tree_repository" read-tree "$commit"
  while IFS= read -r patch; do
    [[ -n $patch ]] || continue
    GIT_INDEX_FILE=$index plain_git -C "$tree_repository" apply --cached --whitespace=nowarn "$patch" ||
      die "$(basename "$patch") does not apply to $version" "scripts/rebase-check.sh says where, patch by patch"
    tree=$(GIT_INDEX_FILE=$index plain_git -C "$tree_repository" write-tree)
    {
      plain_git -C "$tree_repository" mailinfo -b "$message" /dev/null <"$patch" | sed -n 's/^Subject: //p'
      echo
      cat "$message"
    } >"$message.whole"
    commit=$(GIT_AUTHOR_DATE='@0 +0000' GIT_COMMITTER_DATE='@0 +0000' \
      plain_git -C "$tree_repository" commit-tree "$tree" -p "$commit" -F "$message.whole")
    rm -f "$message.whole"
  done <<<"$patches"
  printf '%s\n' "$commit"
}

# need_packages PACKAGE...: Debian's names. Installs what is missing where that is possible, else says how.
need_packages() {
  local package missing=()
  [[ $(command -v dpkg-query) ]] || return 0
  for package in "$@"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  ((EUID == 0)) || die "these packages are missing: ${missing[*]}" "sudo apt-get install --no-install-recommends ${missing[*]}"
  say "installing ${missing[*]}"
  apt-get -qq update || die "apt-get update failed"
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null ||
    die "could not install ${missing[*]}"
}

# On systems without dpkg, need_packages knows nothing: the commands themselves are looked for.
need_commands() {
  local command missing=()
  for command in "$@"; do [[ $(command -v "$command") ]] || missing+=("$command"); done
  ((${#missing[@]} == 0)) || die "these commands are missing: ${missing[*]}" "install them with your package manager"
}

# The version that a kernel tree says it is: 7.2 of 7.2.13.
tree_version() {
  [[ -f $1/Makefile && -f $1/Kconfig ]] || die "$1 is not a kernel source tree"
  awk '$1 == "VERSION" { major = $3 } $1 == "PATCHLEVEL" { print major "." $3; exit }' "$1/Makefile"
}

# output_directory VERSION FLAVOUR: where that kernel is built. A tree of one's own (KSRC) has one of its own.
output_directory() {
  local name=$1-$2
  [[ -z ${KSRC:-} ]] || name+=-$(basename "$(realpath "$KSRC")")-$(realpath "$KSRC" | cksum | cut -d' ' -f1)
  printf '%s\n' "$cache/build/$name"
}
