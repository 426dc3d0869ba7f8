#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Where stamps take room, and what happens where there is none.
source "$(dirname "$0")/lsm_test.sh"

# 256-byte inodes: a stamp costs no block.
make_filesystem ext4 512M -I 256
file=$work/ext4/file
in_session sh -c "echo content >'$file'"
sync "$file"
blocks() { stat -c %b "$1"; }
expect "ext4: a stamped file of one block has one block" 8 "$(blocks "$file")"
mkdir "$work/ext4/directory"
expect "ext4: a stamped directory has one block" 8 "$(blocks "$work/ext4/directory")"
: >"$work/ext4/empty"
expect "ext4: a stamped empty file has none" 0 "$(blocks "$work/ext4/empty")"
ln -s nowhere "$work/ext4/symlink"
expect "ext4: a stamped symlink has none" 0 "$(blocks "$work/ext4/symlink")"
sync -f "$file"
inode=$(debugfs -R 'stat /file' "$work/ext4.img" 2>/dev/null)
expect "ext4: debugfs finds the stamp, and no block for it" "1 File ACL: 0" \
  "$(grep -c 'prov (64)' <<<"$inode") $(grep -o 'File ACL: [0-9]*' <<<"$inode")"

# A second writer costs the log: one block.
in_session sh -c "echo more >>'$file'"
sync "$file"
expect "ext4: a file of two writers has one block more" 16 "$(blocks "$file")"

# An inode whose own space is full still takes the stamp, in a block.
: >"$work/ext4/full"
setfattr -n user.fill -v "$(printf 'x%.0s' {1..2000})" "$work/ext4/full"
in_session sh -c "echo x >>'$work/ext4/full'"
expect "ext4: a file with many attributes is stamped" "$session" "$(session_of "$work/ext4/full")"

# With 128-byte inodes each stamp needs a block, and its log no other.
umount "$work/ext4"
mv "$work/ext4" "$work/first"
mv "$work/ext4.img" "$work/first.img"
make_filesystem ext4 16M -I 128
file=$work/ext4/file
in_session sh -c "printf content >'$file'"
sync "$file"
expect "ext4, 128-byte inodes: a stamp costs a block" "$session 4" "$(session_of "$file") $(blocks "$file")"

# No space at all: the old stamp goes. tmpfs counts attributes against its number of inodes.
mkdir "$work/tmpfs"
mount -t tmpfs -o nr_inodes=16 none "$work/tmpfs" || exit 1
at_exit+=("umount -l '$work/tmpfs'")
file=$work/tmpfs/file
in_session sh -c "printf content >'$file'"
expect "tmpfs: stamped while there is space" "$session" "$(session_of "$file")"
in_session sh -c "printf old >'$work/tmpfs/replaced'"
in_session sh -c "printf new >'$work/tmpfs/heir'"
: >"$work/tmpfs/filler"
fill() { # NAME: with attributes that have it in theirs
  local size number
  for size in 512 64 1; do
    for number in {1..200}; do
      setfattr -n "user.$1.$size.$number" -v "$(printf "%0${size}d" 1)" "$work/tmpfs/filler" 2>/dev/null || break
    done
  done
}
fill first
before=$(count failed_log)
mv "$work/tmpfs/heir" "$work/tmpfs/replaced"
expect "tmpfs: what takes another's name keeps its stamp where there is no room for the other's" "$session " \
  "$(session_of "$work/tmpfs/replaced") $(earlier_sessions "$work/tmpfs/replaced")"
expect "tmpfs: that the other is missing in the log is counted" $((before + 1)) "$(count failed_log)"
fill again
before="$(count failed_space) $(count failed_log) $(count removed)"
in_session sh -c "printf more >>'$file'"
expect "tmpfs: the write succeeds where its stamp does not" 0 $?
expect "tmpfs: the old stamp is gone" none "$(session_of "$file")"
expect "tmpfs: it is counted" "$(awk '{ print $1 + 1, $2 + 1, $3 + 1 }' <<<"$before")" \
  "$(count failed_space) $(count failed_log) $(count removed)"
rm "$work/tmpfs/filler"
in_session sh -c "printf more >>'$file'"
expect "tmpfs: with space again, so is the stamp" "$session" "$(session_of "$file")"

# The counters, and what docs/lsm.md says of them
expect "each counter is explained" '' "$(cut -d: -f1 "$stats" | while read -r name; do grep -q "^|.*\`$name\`" "$here/../../../docs/lsm.md" || echo "$name"; done)"
expect "anybody may read them" "444 19" "$(stat -c %a "$stats") $(setpriv --reuid 1000 --clear-groups grep -cE '^[a-z_]+: [0-9]+$' "$stats")"
finish
