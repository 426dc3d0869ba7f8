#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Each allocation of the LSM's own is made to fail in turn, on each filesystem; on tmpfs, that of everything below it,
# too: other filesystems may give up when they get no memory in the middle of a transaction. For a kernel with fault
# injection, where kmemleak, KASAN and lockdep watch.
source "$(dirname "$0")/lsm_test.sh"

failslab=/sys/kernel/debug/failslab
fail_page_alloc=/sys/kernel/debug/fail_page_alloc

# The addresses from the LSM's first function to what follows its last: the kernel's own symbols are sorted by them
read -r start end < <(awk '
  $3 == "_etext" { exit }
  inside_last && $1 != last { end = $1; inside_last = 0 }
  $2 ~ /[tT]/ && $3 ~ /^provfs_/ && $3 !~ /\.cold/ { if (!start) start = $1; last = $1; inside_last = 1 }
  END { print start, end }' /proc/kallsyms)
expect "the functions of the LSM lie together" 1 $((0x$end > 0x$start && 0x$end - 0x$start < 1 << 20))

# filter DEPTH START END: allocations fail that are made by what lies there, at most so many frames up
filter() {
  local attribute
  for attribute in "$failslab" "$fail_page_alloc"; do
    echo "$1" >"$attribute/stacktrace-depth"
    echo "$2" >"$attribute/require-start"
    echo "$3" >"$attribute/require-end"
  done
}
usual=("$(<$failslab/stacktrace-depth)" "$(<$failslab/require-start)" "$(<$failslab/require-end)")
at_exit+=("filter ${usual[*]}")
for attribute in "$failslab" "$fail_page_alloc"; do
  echo N >"$attribute/ignore-gfp-wait"
  echo 0 >"$attribute/verbose"
done
echo 0 >$fail_page_alloc/min-order

# with_faults NAME TYPE [OPTION]...
with_faults() {
  local name=$1 type=$2 status number
  shift 2
  PROVFS_TEST_DIR=$work/$type "$build/debug_faults" "$@" >"$work/output" 2>&1
  status=$?
  number=$(sed -n 's/^1\.\.//p' "$work/output")
  expect "$type: $name: all of $number tests" "0 $number" "$status $(grep -c '^ok' "$work/output")"
  grep -E '^not ok|^# .*Expected|^# .*allocations|^Bail|SKIP|^# /' "$work/output" | sed 's/^/# /'
}

logs=$(count failed_log)
for type in ext4 xfs btrfs tmpfs; do
  make_filesystem "$type" 512M
  # Above the LSM's function are those of the allocator and of the injection; what filesystems allocate lies deeper.
  filter 6 "0x$start" "0x$end"
  options=()
  # Btrfs aborts its transaction when a module has no memory for a new inode's label, and stays read-only.
  [[ $type != btrfs ]] || options=(-T what_is_created_has_a_stamp_or_is_not_there)
  with_faults "allocations of the LSM" "$type" "${options[@]}"
done
expect "a log for which there is no memory is counted" 1 $(($(count failed_log) > logs))
filter "${usual[@]}"
stamps=$(count failed_memory)
with_faults "allocations of everything" tmpfs
expect "a stamp for which there is no memory is counted" 1 $(($(count failed_memory) > stamps))
finish
