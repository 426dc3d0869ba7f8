#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs the programs test_* on each filesystem that is promised to be stamped.
source "$(dirname "$0")/lsm_test.sh"

make_filesystem ext4 512M
with_exchange=1 make_filesystem xfs 512M
make_filesystem btrfs 512M
make_filesystem tmpfs 256M

for type in ext4 xfs btrfs tmpfs; do
  for program in "$build"/test_*; do
    [[ ${1:-all} == all || ${program##*/} == "$1" ]] || continue
    PROVFS_TEST_DIR=$work/$type "$program" >"$work/output" 2>&1
    status=$?
    expect "$type: ${program##*/}: all of $(sed -n 's/^1\.\.//p' "$work/output") tests" \
      "0 $(sed -n 's/^1\.\.//p' "$work/output")" "$status $(grep -c '^ok' "$work/output")"
    grep -E '^not ok|^# .*Expected|^Bail|SKIP|^# /' "$work/output" | sed 's/^/# /'
  done
done
finish
