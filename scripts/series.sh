#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ---
# usage: scripts/series.sh [--check] [VERSION]...
#        scripts/series.sh export VERSION TREE
#
# Keeps patches/VERSION in step with the sources in this repository, and the versions with each other.
#
# The new files of the kernel stand here whole: kernel/ and include/ as in a kernel tree, and lsm/, which is
# security/provfs there. The last patch of a series that touches such a file is where it gets its final text. Without
# arguments, those patches are generated anew from the files, for each version: a file that is new in lsm/ joins, and
# one that is gone leaves. Their messages, and what they change elsewhere (Kconfig, Makefile, MAINTAINERS), stay as they
# are. Where a patch of 7.2 does to another version exactly what that version's own would, the other is a symbolic link
# to it.
#
#   --check            change nothing; exit 1, and say which, if a patch is not what this would generate
#   export VERSION TREE
#                      write patches/VERSION from the commits of the git tree TREE since its branch `pristine`, and leave
#                      the rest to the above. New patches are made this way: scripts/kernel-sources VERSION says where the
#                      pristine tree is, `git worktree add` makes a tree of one's own, and one commit is one patch
#
# Exit status: 0; 1 with --check: out of step; 2 trouble (a patch does not apply…).
# ---
set -euo pipefail
# shellcheck source=scripts/lib/kernel.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/kernel.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
first_version=$(versions | sed -n 1p)

# The files of this repository that are the kernel's: "PATH-HERE PATH-THERE" a line.
kernel_files() {
  plain_git -C "$repository" ls-files --cached --others --exclude-standard -- kernel include lsm |
    awk '{ there = $0; sub(/^lsm\//, "security/provfs/", there); print $0 " " there }'
}

# module_patch VERSION: the patch that makes security/provfs
module_patch() { series_patches "$1" | xargs grep -lxF -- '+++ b/security/provfs/Makefile' | tail -1; }

format_commit() { # REPOSITORY COMMIT NUMBER: prints the file that it wrote
  plain_git -C "$1" format-patch -q -1 -N --zero-commit --no-signature --no-renames --abbrev=12 --diff-algorithm=histogram \
    --start-number "$3" -o "$work/formatted" "$2"
  find "$work/formatted" -name "$(printf '%04d' "$3")-*"
}

export_commits() { # VERSION TREE
  local version=$1 tree=$2 commit number=0 patch directory=$repository/patches/$1
  plain_git -C "$tree" rev-parse -q --verify pristine >/dev/null || die "$tree has no branch pristine" "scripts/series.sh --help"
  [[ -z $(plain_git -C "$tree" status --porcelain --untracked-files=no) ]] || die "$tree has changes that are not committed"
  mkdir -p "$directory" "$work/formatted"
  rm -f "$directory"/*.patch "$directory/series"
  for commit in $(plain_git -C "$tree" rev-list --reverse pristine..HEAD); do
    number=$((number + 1))
    patch=$(format_commit "$tree" "$commit" "$number")
    mv "$patch" "$directory/"
    basename "$patch" >>"$directory/series"
  done
  say "wrote $number patches to patches/$version"
}

# apply_to_index PATCH [OPTION]...
apply_to_index() {
  local patch=$1
  shift
  plain_git -C "$pristine" apply --cached --whitespace=nowarn "$@" "$patch" ||
    die "${patch#"$repository/"} does not apply" "scripts/rebase-check.sh says where"
}

# generate VERSION: the series as it ought to be, into $work/VERSION. Links are made out by what a patch does to the tree.
generate() {
  local version=$1 patch name number=0 before tree after here there exclusions patches shared
  local -A owner=()
  patches=$(series_patches "$version")
  pristine=$("$repository/scripts/kernel-sources" "$version")
  mkdir -p "$work/$version" "$work/formatted"
  while read -r here there; do
    while IFS= read -r patch; do
      if grep -qF -- " b/$there" "$patch" && grep -qxF -- "+++ b/$there" "$patch"; then owner[$here]=$patch; fi
    done <<<"$patches"
    # The module's directory is one patch's: so is a new file of it.
    if [[ $here == lsm/* ]]; then owner[$here]=$(module_patch "$version"); fi
    [[ -n ${owner[$here]:-} || $here == include/* ]] || die "no patch of patches/$version adds $there" "scripts/series.sh --help: export"
  done < <(kernel_files)
  export GIT_INDEX_FILE=$work/index-$version
  plain_git -C "$pristine" read-tree pristine
  before=$(plain_git -C "$pristine" rev-parse pristine)
  while IFS= read -r patch; do
    number=$((number + 1))
    name=$(basename "$patch")
    exclusions=(--exclude='security/provfs/*')
    while read -r here there; do
      if [[ ${owner[$here]:-} == "$patch" ]]; then exclusions+=(--exclude="$there"); fi
    done < <(kernel_files)
    apply_to_index "$patch" "${exclusions[@]}"
    while read -r here there; do
      [[ ${owner[$here]:-} == "$patch" ]] || continue
      plain_git -C "$pristine" update-index --add --cacheinfo \
        "100644,$(plain_git -C "$pristine" hash-object -w "$repository/$here"),$there"
    done < <(kernel_files)
    tree=$(plain_git -C "$pristine" write-tree)
    shared=$work/$first_version/$name
    if [[ $version != "$first_version" && -f $shared && $(tree_after "$before" "$shared") == "$tree" ]]; then
      ln -s "../$first_version/$name" "$work/$version/$name"
      after=$(plain_git -C "$pristine" commit-tree "$tree" -p "$before" -m shared)
    else
      after=$(commit_like "$patch" "$tree" "$before")
      mv "$(format_commit "$pristine" "$after" "$number")" "$work/$version/$name"
    fi
    echo "$name" >>"$work/$version/series"
    before=$after
  done <<<"$patches"
  unset GIT_INDEX_FILE
}

# tree_after COMMIT PATCH: the tree that PATCH makes of COMMIT's, or nothing if it does not apply.
tree_after() {
  (
    export GIT_INDEX_FILE=$work/index-shared
    plain_git -C "$pristine" read-tree "$1"
    plain_git -C "$pristine" apply --cached --whitespace=nowarn "$2" 2>/dev/null && plain_git -C "$pristine" write-tree
  ) || true
}

# commit_like PATCH TREE PARENT: a commit with the author, the date and the message of PATCH.
commit_like() {
  local header
  header=$(plain_git -C "$pristine" mailinfo -b "$work/message" /dev/null <"$1")
  {
    sed -n 's/^Subject: //p' <<<"$header"
    echo
    cat "$work/message"
  } >"$work/whole-message"
  GIT_AUTHOR_NAME=$(sed -n 's/^Author: //p' <<<"$header") GIT_AUTHOR_EMAIL=$(sed -n 's/^Email: //p' <<<"$header") \
  GIT_AUTHOR_DATE=$(sed -n 's/^Date: //p' <<<"$header") \
    plain_git -C "$pristine" commit-tree "$2" -p "$3" -F "$work/whole-message"
}

check=false
case ${1:-} in
  --help | -h) print_help && exit ;;
  export)
    (($# == 3)) || die "export wants a version and a tree" "scripts/series.sh --help"
    export_commits "$2" "$(realpath -e "$3")"
    first_version=$(versions | sed -n 1p)
    shift 3
    ;;
  --check) check=true && shift ;;
esac
(($#)) || mapfile -t wanted < <(versions)
(($# == 0)) || wanted=("$@")
# The others are compared with the first, so that it is always made.
mapfile -t wanted < <(printf '%s\n' "$first_version" "${wanted[@]}" | sort -uV)
differences=0
for version in "${wanted[@]}"; do
  require_version "$version"
  generate "$version"
  for patch in "$work/$version"/*; do
    target=$repository/patches/$version/$(basename "$patch")
    if [[ -L $patch ]]; then
      [[ -L $target && $(readlink "$patch") == "$(readlink "$target")" ]] && continue
    else
      [[ ! -L $target ]] && cmp -s "$patch" "$target" && continue
    fi
    differences=$((differences + 1))
    if $check; then
      say "patches/$version/$(basename "$patch") is not what the sources say: run scripts/series.sh"
    else
      rm -f "$target"
      cp -P "$patch" "$target"
      say "wrote patches/$version/$(basename "$patch")"
    fi
  done
  for target in "$repository/patches/$version"/*.patch; do
    [[ -e $work/$version/$(basename "$target") || -L $work/$version/$(basename "$target") ]] && continue
    differences=$((differences + 1))
    say "patches/$version/$(basename "$target") is in no series"
  done
done
if $check && ((differences)); then exit 1; fi
