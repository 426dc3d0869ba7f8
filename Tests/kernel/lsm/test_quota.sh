#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Stamps and logs for which the filesystem refuses the room: quotas, full filesystems, full inodes.
# shellcheck disable=SC2016 # for the shell that is started
source "$(dirname "$0")/lsm_test.sh"

# Root is not held to quotas, and has blocks in reserve.
user=(setpriv --reuid 1000 --regid 1000 --clear-groups "--inh-caps=-all")
counts() { echo "$(count failed_space) $(count failed_log) $(count removed)"; }
# more SPACE LOG REMOVED: $before and as many of each
more() { echo "$before" | awk -v s="$1" -v l="$2" -v r="$3" '{ print $1 + s, $2 + l, $3 + r }'; }
# The first byte, in place: the write itself needs no room.
overwrite='printf X 1<>"$0"'
bytes() { printf "%0$1d" 1; }

# ext4, in 256-byte inodes: "crowded" has attributes that leave no room for a stamp in its inode, and no stamp.
image=$work/ext4.img
truncate -s 32M "$image"
mkfs.ext4 -q -F -I 256 -O quota "$image" >/dev/null || exit 1
echo content >"$work/content"
for name in crowded crowded2; do
  printf '%s\n' "write $work/content $name" "ea_set /$name user.fill $(bytes 40)" "sif /$name uid 1000"
done | debugfs -w -f - "$image" >/dev/null 2>&1
device=$(losetup --find --show "$image") || exit 1
at_exit+=("losetup -d '$device'")
mkdir "$work/ext4"
mount -o usrquota "$device" "$work/ext4" || exit 1
at_exit+=("umount -l '$work/ext4'")
chmod 777 "$work/ext4"
cd "$work/ext4" || exit 1
expect "ext4: a file that was made without the LSM has no stamp" none "$(session_of crowded)"
in_session "${user[@]}" sh -c 'echo content >taken_over'
first=$session
python3 "$here/quota.py" "$device" 1000 0

before=$(counts)
in_session "${user[@]}" sh -c "$overwrite" taken_over
expect "ext4, EDQUOT: the write succeeds where its log does not" 0 $?
expect "ext4, EDQUOT: the stamp needs no block, and names the writer" "$session:sh:0" "$(by taken_over)"
expect "ext4, EDQUOT: the log misses a writer, and that is counted" "$(more 0 1 0) none" \
  "$(counts) $("$build/stamp" --log taken_over | grep . || echo none)"

before=$(counts)
in_session "${user[@]}" sh -c "$overwrite" crowded
expect "ext4, EDQUOT: the write succeeds where its stamp needs a block" 0 $?
expect "ext4, EDQUOT: no stamp, which is true" none "$(session_of crowded)"
expect "ext4, EDQUOT: it is counted" "$(more 1 0 0)" "$(counts)"
python3 "$here/quota.py" "$device" 1000 1000
in_session "${user[@]}" sh -c "$overwrite" crowded
expect "ext4: with quota again, so is the stamp" "$session" "$(session_of crowded)"
in_session "${user[@]}" sh -c "$overwrite" taken_over
expect "ext4: and the log" 1 "$("$build/stamp" --log taken_over | wc -l)"

python3 "$here/quota.py" "$device" 1000 1000000
"${user[@]}" dd if=/dev/zero of=filler bs=64k 2>/dev/null
"${user[@]}" dd if=/dev/zero of=filler bs=1k oflag=append conv=notrunc 2>/dev/null
before=$(counts)
in_session "${user[@]}" sh -c "$overwrite" crowded2
expect "ext4, ENOSPC: the write succeeds where its stamp needs a block" "0 none $(more 1 0 0)" "$? $(session_of crowded2) $(counts)"
rm filler

# Neither the inode nor its block has room for the log of a stamped file.
in_session sh -c 'echo content >full'
for size in 1024 256 64 16 1; do
  for number in {1..64}; do
    setfattr -n "user.$size.$number" -v "$(bytes "$size")" full 2>/dev/null || break
  done
done
attributes=$(getfattr -d -m '^user\.' full | md5sum)
before=$(counts)
in_session sh -c "$overwrite" full
expect "ext4, full of attributes: the stamp is replaced, the log is not begun" "0 $session $(more 0 1 0)" \
  "$? $(session_of full) $(counts)"
expect "ext4, full of attributes: the others are as they were" "$attributes" "$(getfattr -d -m '^user\.' full | md5sum)"

# XFS without a free block: what is there is replaced.
make_filesystem xfs 300M
cd "$work/xfs" || exit 1
in_session sh -c 'echo content >file; : >filler'
chmod 666 file filler
fallocate -l 210M allocated
for size in 1M 4k; do "${user[@]}" dd if=/dev/zero of=filler bs=$size oflag=append conv=notrunc 2>/dev/null; done
in_session "${user[@]}" sh -c "$overwrite" file
expect "XFS, ENOSPC: the write succeeds, and so does its stamp" "0 $session" "$? $(session_of file)"

# Over a limit, Btrfs allows neither a stamp nor the removal of one. What remains is older than the content, and the next
# close with room makes up for it.
make_filesystem btrfs 300M
cd "$work/btrfs" || exit 1
btrfs quota enable . && btrfs subvolume create limited >/dev/null && chmod 777 limited || exit 1
cd limited || exit 1
in_session "${user[@]}" sh -c 'echo content >file'
first=$session
before=$(counts)
mkfifo "$work/written" "$work/limited"
chmod 666 "$work/written" "$work/limited"
in_session "${user[@]}" bash -c 'exec 3<>file; printf X >&3; echo >"$0/written"; read <"$0/limited"; exec 3>&-' "$work" &
read -r <"$work/written"
btrfs qgroup limit 4K . || exit 1
echo >"$work/limited"
wait $!
second=$(<"$work/session")
expect "btrfs, EDQUOT: close returns, and the stamp can be neither set nor removed" "$(more 1 1 0)" "$(counts)"
expect "btrfs, EDQUOT: what remains is older than the content" "$first changed" "$("$build/stamp" --verify file)"
# By way of another subvolume: asked in this one, the tool has no quota for its own change.
btrfs qgroup limit none "0/$(btrfs inspect-internal rootid .)" "$work/btrfs" || exit 1
: >>file
expect "btrfs: the next close with room makes up for it" "$second ok $first" \
  "$("$build/stamp" --verify file) $(earlier_sessions file)"
cd /
finish
