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
    expect_program "$type" "${program##*/}" "$work/$type"
  done
done
finish
