#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ---
# usage: scripts/rebase-check.sh [--series VERSION] [TREE]...
#        scripts/rebase-check.sh --record
#
# Tries each series, patch by patch, on kernel trees, changing none of them: whether it applies as it is, with an offset
# (the text around it moved), or fails, and where. TREE is a version (7.4: fetched if need be) or a directory that is a
# git work tree; default: every tree in the cache, and every version that has a series.
#
# A tree of a version without a series of its own gets the newest series, or that of --series. After a file has failed,
# the rest of the patch is applied without it, so that the following patches can be judged; they may fail because of it.
#
# Then it lists the names that upstream has and had not when patches/VERSION/upstream-names was recorded: clone flags,
# namespace types, ids and inodes, pidfd ioctls, prctl options, LSM ids. The compiler finds a collision with what the
# series knows of; a name that is new is for a person to look at, whether it takes a number or a meaning of ours.
#
#   --record   write patches/VERSION/upstream-names for each version: once the new names have been looked at
#
# Exit status: 0 every patch applies as it is, and no name is new; 1 some apply with an offset; 3 a patch fails;
# 4 the patches apply, and upstream has new names; 2 trouble.
# ---
set -euo pipefail
# shellcheck source=scripts/lib/kernel.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/kernel.sh"

forced_series='' record=false trees=()
while (($#)); do
  case $1 in
    --help | -h) print_help && exit ;;
    --series) forced_series=${2:?--series wants a version} && require_version "$2" && shift ;;
    --record) record=true ;;
    -*) die "unknown option $1" "scripts/rebase-check.sh --help" ;;
    *) trees+=("$1") ;;
  esac
  shift
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GIT_INDEX_FILE=$work/index
offsets=0 failures=0 new_names=0

# upstream_names REPOSITORY COMMIT: "HEADER NAME VALUE" a line, sorted.
upstream_names() {
  local header
  for header in sched nsfs pidfd prctl lsm; do
    plain_git -C "$1" show "$2:include/uapi/linux/$header.h" | awk -v header="$header.h" '
      function show(name, value) { sub(/\/\*.*/, "", value); gsub(/^[ \t]+|[ \t,]+$/, "", value); print header, name, value }
      $1 == "#define" && $2 ~ /^(CLONE_|UNSHARE_|PIDFD_|PR_|LSM_|NS_)/ && $2 !~ /\(/ {
        name = $2; value = $0; sub(/^#define[ \t]+[A-Za-z0-9_]+/, "", value); show(name, value)
      }
      header == "nsfs.h" && $1 ~ /^[A-Z]+(_[A-Z]+)*_(INO|ID|NS)$/ && $2 == "=" { value = $0; sub(/^[^=]*=/, "", value); show($1, value) }
    '
  done | sort
}

# try_series VERSION REPOSITORY COMMIT
try_series() {
  local version=$1 repository_of_tree=$2 patch patches name failed exclusions file
  patches=$(series_patches "$version")
  plain_git -C "$repository_of_tree" read-tree "$3"
  while IFS= read -r patch; do
    name=$(basename "$patch")
    if plain_git -C "$repository_of_tree" apply --cached --verbose --whitespace=nowarn "$patch" >"$work/out" 2>&1; then
      if grep -q 'offset' "$work/out"; then
        offsets=$((offsets + 1))
        echo "  offset   $name"
        awk '/^Checking patch/ { file = $3; sub(/\.\.\.$/, "", file) } /offset/ { sub(/^Hunk/, "hunk"); print "             " file ": " $0 }' "$work/out" | sort -u
      else
        echo "  applies  $name"
      fi
      continue
    fi
    failures=$((failures + 1))
    echo "  FAILS    $name"
    failed=$(sed -n 's/^error: patch failed: \(.*\):[0-9]*$/\1/p; s/^error: \(.*\): \(does not exist in index\|already exists in index\)$/\1/p' "$work/out" | sort -u)
    sed -n '/^error: while searching/d; /: patch does not apply$/d; s/^error: /             /p' "$work/out"
    exclusions=()
    while IFS= read -r file; do [[ -z $file ]] || exclusions+=(--exclude="$file"); done <<<"$failed"
    plain_git -C "$repository_of_tree" apply --cached --whitespace=nowarn "${exclusions[@]}" "$patch" 2>/dev/null ||
      echo "             nothing of it was applied"
  done <<<"$patches"
}

compare_names() { # VERSION REPOSITORY COMMIT
  local recorded=$repository/patches/$1/upstream-names name
  [[ -f $recorded ]] || die "there is no $recorded" "scripts/rebase-check.sh --record"
  upstream_names "$2" "$3" >"$work/names"
  while IFS= read -r name; do
    new_names=$((new_names + 1))
    echo "  NEW NAME $name"
  done < <(comm -13 "$recorded" "$work/names")
}

if $record; then
  for version in $(versions); do
    pristine=$("$repository/scripts/kernel-sources" "$version")
    upstream_names "$pristine" pristine >"$repository/patches/$version/upstream-names"
    say "recorded $(wc -l <"$repository/patches/$version/upstream-names") names of $version"
  done
  exit
fi

if ((${#trees[@]} == 0)); then
  mapfile -t trees < <({
    versions
    find "$cache" -maxdepth 1 -name 'linux-[0-9]*' -type d 2>/dev/null | sed 's|.*/linux-||'
  } | sort -uV)
fi
for tree in "${trees[@]}"; do
  if [[ $tree =~ ^[0-9]+\.[0-9]+$ ]]; then
    tree=$("$repository/scripts/kernel-sources" "$tree")
    commit=pristine
  else
    [[ $(plain_git -C "$tree" rev-parse --is-inside-work-tree 2>/dev/null) == true ]] || die "$tree is not a git work tree"
    tree=$(plain_git -C "$tree" rev-parse --show-toplevel)
    commit=HEAD
  fi
  version=$(plain_git -C "$tree" show "$commit:Makefile" | awk '$1 == "VERSION" { major = $3 } $1 == "PATCHLEVEL" { print major "." $3 }')
  series=$version
  [[ -f $repository/patches/$series/series ]] || series=$(versions | tail -1)
  series=${forced_series:-$series}
  echo "series $series on $tree ($version)"
  try_series "$series" "$tree" "$commit"
  compare_names "$series" "$tree" "$commit"
done
echo "patches with an offset: $offsets, failing: $failures; new upstream names: $new_names"
if ((failures)); then exit 3; fi
if ((new_names)); then exit 4; fi
if ((offsets)); then exit 1; fi
