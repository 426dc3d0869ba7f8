# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the shell tests of the provfs LSM share. Sourced, never run.
# shellcheck disable=SC2034 # those who source it use what is set here

set -u

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=${PROVFS_TEST_BUILD:?names the directory that make -C Tests/kernel/lsm O=... built into}/lsm
scratch=${PROVFS_SCRATCH:?names a directory on ext4 that may be filled}
stats=/sys/kernel/security/provfs/stats
failures=0
tests=0

if [[ ! -r $stats ]]; then
  echo "Bail out! the provfs LSM is not active (/sys/kernel/security/lsm: $(</sys/kernel/security/lsm))"
  exit 1
fi

work=$(mktemp -d "$scratch/${0##*/}.XXXXXX")
chmod 755 "$work"
at_exit=()
clean_up() {
  local i
  cd /
  for ((i = ${#at_exit[@]} - 1; i >= 0; i--)); do eval "${at_exit[i]}"; done
  rm -rf "$work"
}
trap clean_up EXIT

# expect NAME EXPECTED FOUND
expect() {
  tests=$((tests + 1))
  if [[ $2 == "$3" ]]; then
    echo "ok $tests $1"
  else
    failures=$((failures + 1))
    echo "not ok $tests $1"
    printf '# expected: %s\n# found:    %s\n' "$2" "$3"
  fi
}

finish() {
  echo "1..$tests"
  exit $((failures > 0))
}

# expect_program NAME PROGRAM DIRECTORY: all tests of one of the programs test_* pass in DIRECTORY
expect_program() {
  local output planned status
  output=$(PROVFS_TEST_DIR=$3 "$build/$2" 2>&1)
  status=$?
  planned=$(sed -n 's/^1\.\.//p' <<<"$output")
  expect "$1: $2: all of $planned tests" "0 $planned" "$status $(grep -c '^ok' <<<"$output")"
  grep -E '^not ok|^# .*Expected|^Bail|SKIP|^# /' <<<"$output" | sed 's/^/# /'
}

# need_program VARIABLE: a missing program is a failure, and no reason to skip
need_program() {
  [[ -x ${!1:-} ]] && return
  echo "Bail out! \$$1 names no program (${!1:-it is empty}): swift build -c release --static-swift-stdlib"
  exit 1
}

# in_session COMMAND...: runs it in a new session; $session is the id
in_session() {
  local status
  "$build/stamp" --session "$@" 3>"$work/session" 2>"$work/errors"
  status=$?
  sed 's/^/# /' "$work/errors"
  session=$(<"$work/session")
  return $status
}

# by FILE: SESSION:COMM:FLAGS, or "none"
by() { "$build/stamp" "$1" 2>/dev/null | awk '{ print $1 ":" $4 ":" $5 }' | grep . || echo none; }
session_of() { "$build/stamp" "$1" 2>/dev/null | cut -d' ' -f1 | grep . || echo none; }
earlier_sessions() { "$build/stamp" --log "$1" | cut -d' ' -f1 | paste -sd' '; }
count() { sed -n "s/^$1: //p" "$stats"; }
no_session=00000000000000000000000000000000

# allow_exchanging IMAGE: XFS_IOC_EXCHANGE_RANGE wants a feature (1 << 6) that xfsprogs before 6.10 neither makes nor checks.
allow_exchanging() {
  local features
  features=$(xfs_db -c 'sb 0' -c 'print features_incompat' "$1") &&
    xfs_db -x -c 'sb 0' -c "write -d features_incompat $(printf 0x%x $((${features##* } | 1 << 6)))" "$1" >/dev/null || exit 1
}

# make_filesystem TYPE SIZE [MKFS-OPTION]...: mounts a new one at $work/TYPE; with $with_exchange, an XFS that can exchange ranges
make_filesystem() {
  local type=$1 size=$2 image=$work/$1.img at=$work/$1 force=-f device
  shift 2
  [[ $type != ext4 ]] || force=-F
  mkdir "$at"
  if [[ $type == tmpfs ]]; then
    mount -t tmpfs -o "size=$size" none "$at" || exit 1
  else
    truncate -s "$size" "$image"
    "mkfs.$type" -q "$force" "$@" "$image" >/dev/null || exit 1
    [[ $type != xfs || -z ${with_exchange:-} ]] || allow_exchanging "$image"
    # Not mount -o loop: it holds the device open for writing, which some kernels do not allow of a mounted one.
    device=$(losetup --find --show "$image") || exit 1
    at_exit+=("losetup -d '$device'")
    mount "$device" "$at" || exit 1
  fi
  # The test may have unmounted it.
  at_exit+=("! mountpoint -q '$at' || umount -l '$at'")
  chmod 777 "$at"
}
