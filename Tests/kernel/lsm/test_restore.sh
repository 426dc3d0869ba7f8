#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The restore switch: off, or on since boot (provfs.restore=1) until it is ended.
source "$(dirname "$0")/lsm_test.sh"

switch=/sys/kernel/security/provfs/restore
file=$work/file
echo x >"$file"
stamp=$(getfattr --absolute-names --only-values -n security.prov "$file" | base64 -w0)
set_stamp() { setfattr -n security.prov -v "0s$stamp" "$1" 2>/dev/null; }

if [[ $(</proc/cmdline) == *provfs.restore=1* ]]; then
  expect "booted with provfs.restore=1: it is on" 1 "$(<$switch)"
  set_stamp "$file"
  expect "root can set a stamp" 0 $?
  setfattr -x security.prov "$file"
  expect "root can remove one" 0 $?
  setpriv --reuid 1000 --clear-groups --inh-caps=-all setfattr -n security.prov -v x "$file" 2>/dev/null
  expect "an unprivileged user cannot" 1 $?
  in_session sh -c "echo restored >'$work/copy'; setfattr -n security.prov -v '0s$stamp' '$work/copy'"
  expect "a copy keeps the stamp that was restored" "$stamp" "$(getfattr --absolute-names --only-values -n security.prov "$work/copy" | base64 -w0)"
  expect "the log says so" 1 "$(($(dmesg | grep -c 'provfs: security.prov of inode') > 0))"
  setpriv --bounding-set=-mac_admin sh -c "echo 0 >$switch" 2>/dev/null
  expect "ending it takes CAP_MAC_ADMIN" 1 "$(<$switch)"
  echo 0 >$switch
  expect "it can be ended" 0 "$(<$switch)"
  expect "the log says so" 1 "$(dmesg | grep -c 'provfs: stamps are protected from now on')"
else
  expect "by default it is off" 0 "$(<$switch)"
fi
before=$(getfattr --absolute-names --only-values -n security.prov "$file" 2>&1 | base64 -w0)
set_stamp "$file"
expect "then what root sets is dropped" "0 $before" "$? $(getfattr --absolute-names --only-values -n security.prov "$file" 2>&1 | base64 -w0)"
write_to_switch() { printf '%s' "$1" 2>/dev/null >$switch; }
write_to_switch 1
expect "it cannot be begun again" 1 $?
expect "it stays off" 0 "$(<$switch)"
write_to_switch rubbish
expect "rubbish is refused" 1 $?
finish
