#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Who writes from memory that somebody takes his time to fill holds the file's lock so long. Who closes the file
# meanwhile does not wait for him, nor does who is killed; and what they did is on record all the same.
source "$(dirname "$0")/lsm_test.sh"

wait_until() { # COMMAND...
  local i
  for ((i = 0; i < 6000; i++)); do
    "$@" && return
    sleep 0.01
  done
  return 1
}

# Writes to a file, from the server's page.
holder='
import mmap, os, sys
page = mmap.mmap(os.open(sys.argv[1], os.O_RDONLY), 4096, prot=mmap.PROT_READ)
os.write(os.open(sys.argv[2], os.O_WRONLY), page)
'
# Maps a file; once it is told to, stores to it, and ends or waits to be killed.
storer='
import mmap, os, sys, time
name, marks, end = sys.argv[1:]
page = mmap.mmap(os.open(name, os.O_RDWR), 4096)
open(marks + "/mapped", "w").close()
while not os.path.exists(marks + "/asked"):
    time.sleep(0.01)
page[0] = 88
open(marks + "/stored", "w").close()
if end == "killed":
    time.sleep(1000)
'

begin() { # FILE
  rm -rf "$work/marks"
  mkdir -p "$work/marks" "$work/slow"
  head -c 4096 /dev/zero >"$1"
  python3 "$here/slow_server.py" "$work/slow" "$work/marks/asked" "$work/marks/go" &
  wait_until test -e "$work/slow/file"
}

# shellcheck disable=SC2317 # for wait_until
names_both() { # FILE
  local record
  record="$(session_of "$1") $(earlier_sessions "$1")"
  [[ $record == *"$storing"* && $record == *"$holding"* ]]
}

for type in ext4 xfs btrfs tmpfs; do
  make_filesystem "$type" 512M
  file=$work/$type/file
  for end in closes killed; do
    begin "$file"
    "$build/stamp" --session python3 -c "$storer" "$file" "$work/marks" "$end" 3>"$work/storing" &
    storer_pid=$!
    wait_until test -e "$work/marks/mapped"
    "$build/stamp" --session python3 -c "$holder" "$work/slow/file" "$file" 3>"$work/holding" &
    holder_pid=$!
    wait_until test -e "$work/marks/stored"
    storing=$(<"$work/storing") holding=$(<"$work/holding")
    [[ $end == closes ]] || pkill -KILL -f "$work/marks killed"
    wait_until eval "! kill -0 $storer_pid 2>/dev/null"
    expect "$type: who $end is gone while another holds the file's lock" "0 held" \
      "$? $(kill -0 $holder_pid 2>/dev/null && echo held)"
    touch "$work/marks/go"
    wait $holder_pid
    expect "$type: the other's write is done then" 0 $?
    wait_until names_both "$file"
    expect "$type: both are on record" 0 $?
    umount "$work/slow"
  done
done
finish
