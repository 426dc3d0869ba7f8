#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Files that are made into loop devices: what is written to the device is written by whoever made it one.
source "$(dirname "$0")/lsm_test.sh"

# detach DEVICE: and waits until its file is released
detach() {
  losetup -d "$1"
  for _ in {1..100}; do
    [[ -e /sys/block/${1##*/}/loop/backing_file ]] || return 0
    sleep 0.1
  done
}

for type in ext4 xfs btrfs tmpfs; do
  make_filesystem "$type" 512M
  file=$work/$type/image
  in_session sh -c "head -c 1M /dev/zero >'$file'"
  maker=$session
  in_session sh -c "losetup --find --show '$file' >'$work/device'"
  device=$(<"$work/device")
  in_session dd if=/dev/urandom of="$device" bs=4k count=1 conv=fsync status=none
  expect "$type: a device is written" 0 $?
  detach "$device"
  owner=$(session_of "$file")
  expect "$type: the file is not its earlier writer's" no "$([[ $owner == "$maker" ]] || echo no)"
  expect "$type: nor nobody's: it is that of who made the device" losetup "$(by "$file" | cut -d: -f2)"
  expect "$type: the earlier writer is in the log" "$maker" "$(earlier_sessions "$file")"

  in_session losetup --find --show "$file" >"$work/device"
  expect "$type: a device is made again" 0 $?
  detach "$(<"$work/device")"
  expect "$type: who writes nothing to it is not named" "$owner" "$(session_of "$file")"
  in_session losetup --read-only --find --show "$file" >"$work/device"
  detach "$(<"$work/device")"
  expect "$type: nor who makes it read-only" "$owner" "$(session_of "$file")"
done
finish
