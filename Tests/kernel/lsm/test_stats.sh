#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Each counter counts what it says, and nothing else.
# shellcheck disable=SC2317 # functions that are called by name
source "$(dirname "$0")/lsm_test.sh"

names=(created stamped logged current unchanged removed refused dropped skipped_filesystem skipped_unlinked failed_space failed_memory failed_other failed_log stand_ins)

# No other process may write: what this shell reads, it reads before.
snapshot() { declare -gA "$1=()" && while IFS=': ' read -r name number; do eval "$1[\$name]=$number"; done <"$stats"; }

# counted COMMAND...: runs it; $moved is NAME+N for each counter that it moves
counted() {
  local name difference changes=''
  snapshot earlier
  "$@"
  snapshot later
  for name in "${names[@]}"; do
    # shellcheck disable=SC2154 # set by snapshot
    difference=$((${later[$name]} - ${earlier[$name]}))
    ((difference == 0)) || changes+="$name+$difference "
  done
  moved=${changes% }
}

make_filesystem ext4 512M
file=$work/ext4/file
create() { : >"$file"; }
append() { echo more >>"$file"; }
open_only() { : >>"$file"; }
by_another() { "$build/stamp" --session dd if=/dev/zero of="$file" bs=1 count=1 conv=notrunc status=none 3>/dev/null; }
write_no_bytes() { python3 -c 'import os, sys; fd = os.open(sys.argv[1], os.O_WRONLY); os.write(fd, b""); os.close(fd)' "$file"; }
unlinked() { python3 -c 'import os, sys, time; fd = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT); os.unlink(sys.argv[1]); time.sleep(0.1); os.write(fd, b"x"); os.close(fd)' "$file.2"; }
set_stamp() { setfattr -n security.prov -v x "$file" 2>/dev/null; }
remove_log() { setfattr -x security.prov.log "$file" 2>/dev/null; }

# What lsm_set_self_attr(2) takes, with a stamp of nobody
stand_in() { python3 -c 'import ctypes, struct
context = struct.pack("<4Q", 0x70726f76, 0, 96, 64) + bytes([1]) + bytes(63)
assert ctypes.CDLL(None).syscall(460, 102, context, 96, 0) == 0'; }

counted create
expect "creation" created+1 "$moved"
counted open_only
expect "opening for writing" '' "$moved"
sleep 0.1
counted append
expect "a change by the same writer" stamped+1 "$moved"
counted by_another
expect "a change by another" "stamped+1 logged+1" "$moved"
counted write_no_bytes
expect "a write of no bytes" unchanged+1 "$moved"
counted unlinked
expect "an unlinked file" "created+1 skipped_unlinked+1" "$moved"
counted set_stamp
expect "an attempt to set the stamp" refused+1 "$moved"
counted remove_log
expect "an attempt to remove the log" dropped+1 "$moved"

counted stand_in
expect "taking on another's name" stand_ins+1 "$moved"
expect "the log tells of the first time" 1 "$(dmesg | grep -c 'provfs: .* is the first to write for others')"

# Within a clock tick of its creation, a change needs no stamp. A tick can pass between the two.
python3 - "$work/ext4" <<'PY' >"$work/current"
import os, sys
def count(name):
    return int(dict(line.split(": ") for line in open("/sys/kernel/security/provfs/stats"))[name])
for attempt in range(100):
    before = {name: count(name) for name in ("current", "stamped", "created")}
    fd = os.open(f"{sys.argv[1]}/new.{attempt}", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    os.write(fd, b"x")
    os.close(fd)
    moved = {name: count(name) - number for name, number in before.items()}
    if moved == {"current": 1, "stamped": 0, "created": 1}:
        print("seen")
    elif moved != {"current": 0, "stamped": 1, "created": 1}:
        print(moved)
PY
expect "creation and a change within a clock tick: current, or stamped where the tick had passed" seen "$(sort -u "$work/current")"

# A file server's filesystem: that which the machine shares with its host
shared=/run/provfs-vm
expect "9p: it is one" 9p "$(findmnt -n -o FSTYPE "$shared")"
file=$shared/file
counted create
expect "9p: a file that is released is counted, and nothing has failed" skipped_filesystem+1 "$moved"
counted append
expect "9p: so is one that was changed" skipped_filesystem+1 "$moved"
expect "9p: it has no stamp" none "$(session_of "$file")"
rm -f "$file"
finish
