#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Programs that copy, archive and unpack files with their attributes, as root: none complains, and each copy is its copier's.
source "$(dirname "$0")/lsm_test.sh"

# copies NAME COMMAND...: in a session, without a word; the copy of file is at copy/file, and has its other attribute
copies() {
  local said status copier name=$1
  shift
  rm -rf copy
  mkdir copy
  said=$(in_session "$@" 2>&1)
  status=$?
  copier=$(<"$work/session")
  expect "$type: $name says nothing" "0" "$status$said"
  expect "$type: $name: the copy is its copier's" "$copier" "$(session_of copy/file)"
  expect "$type: $name: its inode is the copy's" "$(stat -c %i copy/file)" "$(inode_in_stamp copy/file)"
  expect "$type: $name: another attribute is copied" kept "$(getfattr --only-values -n user.other copy/file 2>/dev/null)"
}

inode_in_stamp() {
  getfattr --only-values -n security.prov "$1" 2>/dev/null | od -An -t u8 -j 40 -N 8 | tr -d ' '
}

for type in ext4 xfs btrfs tmpfs; do
  make_filesystem "$type" 512M
  cd "$work/$type" || exit 1
  mkdir other
  mount -t tmpfs none other || exit 1
  at_exit+=("umount -l '$work/$type/other'")
  in_session sh -c 'echo one >file'
  in_session sh -c 'echo two >>file'
  setfattr -n user.other -v kept file
  cp -a file other/file 2>/dev/null
  tar --xattrs --xattrs-include='*' -cf tar.tar file
  bsdtar -cf bsdtar.tar file

  copies "cp -a" cp -a file copy/
  copies "cp --preserve=xattr" cp --preserve=xattr file copy/
  copies "mv from another filesystem" mv other/file copy/
  copies "tar" tar --xattrs --xattrs-include='*' -xf tar.tar -C copy
  copies "bsdtar" bsdtar -xf bsdtar.tar -C copy
  copies "rsync" rsync -aX file copy/
  setfattr -x security.prov file
  expect "$type: a stamp that is removed stays" "$(stat -c %i file)" "$(inode_in_stamp file)"
  cd / || exit 1
done

# rsync removes from a copy what the original has not: this script is on a filesystem that is not stamped.
in_session rsync -aX "$here/${0##*/}" "$work/ext4/unstamped"
expect "rsync of a file without a stamp says nothing" "0 " "$? $(<"$work/errors")"
expect "the copy is its copier's" "$session" "$(session_of "$work/ext4/unstamped")"

cd "$work/btrfs" || exit 1
btrfs -q subvolume create from
mkdir to
in_session sh -c 'echo sent >from/file'
btrfs -q subvolume snapshot -r from snapshot
btrfs -q send -f stream snapshot 2>/dev/null
in_session btrfs -q receive -f stream to
expect "btrfs receive succeeds" 0 $?
expect "btrfs: what is received is its receiver's" "$session" "$(session_of to/snapshot/file)"

# Times that are set back before a snapshot hide nothing in it: the inode has the same number there.
echo root >from/victim
sleep 0.1
in_session sh -c 'cp -p from/victim reference; exec 3>>from/victim; echo more >&3; touch -r reference from/victim
  btrfs -q subvolume snapshot from taken'
expect "btrfs: a snapshot has the content of whom its stamp names" "$session" "$(session_of taken/victim)"
finish
