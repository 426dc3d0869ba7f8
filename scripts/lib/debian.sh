# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Debian's packages of suites that need not be this machine's: apt with a sources list, lists and archives of its own, so
# that the system's apt is not touched. apt checks Debian's signature. Sourced after kernel.sh.

apt_options=()

# use_suites DIRECTORY SUITE...: reads the package lists of these suites into CACHE/DIRECTORY.
use_suites() {
  local own=$cache/$1 keyring=/usr/share/keyrings/debian-archive-keyring.gpg option suite
  local mirror=${PROVFS_MIRROR:-http://deb.debian.org/debian}
  shift
  [[ -f $keyring ]] || die "there is no $keyring to check Debian's signature with" "apt-get install debian-archive-keyring"
  option="signed-by=$keyring"
  # A snapshot is by its nature older than its own "valid until".
  [[ $mirror == *snapshot.debian.org* ]] && option+=" check-valid-until=no"
  mkdir -p "$own"/{lists,archives}/partial
  for suite in "$@"; do printf 'deb [%s] %s %s main\n' "$option" "$mirror" "$suite"; done >"$own/sources.list"
  apt_options=(
    -o "Dir::Etc::sourcelist=$own/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::lists=$own/lists" -o Dir::State::status=/dev/null -o "Dir::Cache=$own"
    -o Dir::Cache::archives=archives -o APT::Sandbox::User= -o APT::Get::List-Cleanup=false
  )
  say "reading the package lists of $*"
  apt-get "${apt_options[@]}" -qq update || die "apt could not read $mirror" "PROVFS_MIRROR names another mirror"
}

# newest_version PACKAGE [PREFIX]: of its versions that begin so, whatever the pins of the suites say. Prints nothing
# where there is none.
newest_version() {
  local candidate candidates found=''
  candidates=$(apt-cache "${apt_options[@]}" madison "$1" | awk -F'|' '{ gsub(/ /, "", $2); print $2 }')
  while IFS= read -r candidate; do
    [[ $candidate == "${2:-}"* ]] || continue
    if [[ -z $found ]] || dpkg --compare-versions "$candidate" gt "$found"; then found=$candidate; fi
  done <<<"$candidates"
  printf '%s\n' "$found"
}

# dependencies_of PACKAGE VERSION PATTERN: the names among its dependencies that match.
dependencies_of() {
  apt-cache "${apt_options[@]}" show "$1=$2" | sed -n 's/^Depends: //p' | tr ',|' '\n\n' | awk '{ print $1 }' |
    grep -xE "$3" | sort -u
}

# download PACKAGE VERSION: prints the path of the .deb, which apt has checked.
download() {
  local directory=$cache/download/$1
  mkdir -p "$directory"
  (cd "$directory" && apt-get "${apt_options[@]}" -qq download "$1=$2") || die "could not download $1 $2"
  find "$directory" -name '*.deb' -printf '%T@ %p\n' | sort -n | tail -1 | cut -d' ' -f2-
}
