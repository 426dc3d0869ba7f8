#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Frozen and read-only filesystems: close(2) returns, and nothing is written.
source "$(dirname "$0")/lsm_test.sh"

for type in ext4 xfs btrfs; do
  make_filesystem "$type" 512M
  file=$work/$type/file
  in_session sh -c "echo old >'$file'"
  old=$session
  before=$(count skipped_frozen)
  in_session timeout 60 bash -c "
    exec 3>>'$file'; echo new >&3; fsfreeze -f '$work/$type'
    exec 3>&-; echo closed >'$work/closed'
  "
  expect "$type: close on a frozen filesystem returns" closed "$(cat "$work/closed")"
  expect "$type: it is counted" $((before + 1)) "$(count skipped_frozen)"
  expect "$type: the stamp is as it was" "$old" "$(session_of "$file")"
  fsfreeze -u "$work/$type"
  : >>"$file"
  expect "$type: the next close makes up for it" "$session" "$(session_of "$file")"
  rm -f "$work/closed"

  mount -o remount,ro "$work/$type"
  stamp=$(by "$file")
  cat "$file" >/dev/null
  expect "$type: reading a read-only filesystem" "$stamp" "$(by "$file")"
  mount -o remount,rw "$work/$type"
done

# An error has made the filesystem read-only while a writer had the file open.
umount "$work/ext4"
device=$(losetup -j "$work/ext4.img" | cut -d: -f1)
mount -o errors=remount-ro "$device" "$work/ext4" || exit 1
file=$work/ext4/file
stamp=$(by "$file")
before=$(count skipped_readonly)
failed=$(count failed_other)
in_session timeout 60 bash -c "exec 3>>'$file'; echo new >&3; echo 1 >/sys/fs/ext4/${device##*/}/trigger_fs_error; exec 3>&-; echo closed >'$work/closed'"
expect "ext4, read-only after an error: close returns" closed "$(cat "$work/closed")"
expect "ext4, read-only after an error: the stamp is as it was, and that is counted" "$stamp 1" \
  "$(by "$file") $(($(count skipped_readonly) > before))"
expect "ext4, read-only after an error: that is no failure" "$failed" "$(count failed_other)"
expect "ext4, read-only after an error: the stamp is older than the content" "${stamp%%:*} changed" "$("$build/stamp" --verify "$file")"
finish
