#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Overlayfs: the files of its layers are stamped, by who writes through it.
source "$(dirname "$0")/lsm_test.sh"

for type in ext4 xfs btrfs tmpfs; do
  make_filesystem "$type" 512M
  at=$work/$type
  mkdir "$at"/{lower,upper,work,merged}
  in_session sh -c "echo lower >'$at/lower/file'; cp '$at/lower/file' '$at/lower/other'; cp '$at/lower/file' '$at/lower/replaced'
    mkdir '$at/lower/directory'"
  lower=$session
  mount -t overlay overlay -o "lowerdir=$at/lower,upperdir=$at/upper,workdir=$at/work" "$at/merged" || exit 1
  at_exit+=("umount -l '$at/merged'")

  expect_program "$type: each way to write through the overlay" test_ways "$at/merged"

  in_session sh -c "echo more >>'$at/merged/file'"
  expect "$type: a write that copies up succeeds" 0 $?
  expect "$type: the upper file is its writer's" "$session" "$(session_of "$at/upper/file")"
  expect "$type: the same through the overlay" "$session" "$(session_of "$at/merged/file")"
  expect "$type: the lower file keeps its stamp" "$lower" "$(session_of "$at/lower/file")"

  in_session chmod 600 "$at/merged/other"
  expect "$type: a chmod that copies up succeeds" 0 $?
  expect "$type: a copy is its copier's" "$session:chmod:1" "$(by "$at/upper/other")"
  expect "$type: through the overlay a lower file shows its stamp" "$lower" "$(session_of "$at/merged/directory")"

  in_session sh -c "echo new >'$at/merged/new'"
  expect "$type: a new file is its creator's" "$session:sh:1" "$(by "$at/upper/new")"

  in_session sh -c "exec 3>>'$at/merged/new'; echo open at exit >&3; kill -9 \$\$"
  expect "$type: a killed writer is named" "$session" "$(session_of "$at/upper/new")"

  in_session truncate -s 1 "$at/merged/new"
  expect "$type: truncate" "$session" "$(session_of "$at/upper/new")"

  in_session python3 -c "
import mmap
with open('$at/merged/new', 'r+b') as file: mapping = mmap.mmap(file.fileno(), 1)
mapping[0:1] = b'X'
"
  expect "$type: stores to a mapping" "$session:python3:2" "$(by "$at/upper/new")"

  mapper=$session
  in_session sh -c "echo newer >'$at/merged/draft'; mv '$at/merged/draft' '$at/merged/new'"
  expect "$type: what replaces a file of the upper layer takes its history" "$session $mapper" \
    "$(session_of "$at/upper/new") $(earlier_sessions "$at/upper/new" | cut -d' ' -f1)"
  sleep 0.1
  touch "$at/merged/new"
  expect "$type: touch after a rename covers nothing" "$session changed" "$("$build/stamp" --verify "$at/upper/new")"
  in_session sh -c "echo newer >'$at/merged/draft'; mv '$at/merged/draft' '$at/merged/replaced'"
  expect "$type: what replaces a file of a lower layer begins its own" "$session " \
    "$(session_of "$at/upper/replaced") $(earlier_sessions "$at/upper/replaced")"
  in_session sh -c "echo written >'$at/merged/written'"
  sleep 0.1
  touch "$at/merged/written"
  expect "$type: touch renews the stamp of the upper file" "$session ok" "$("$build/stamp" --verify "$at/upper/written")"

  refused=$(setfattr -n security.prov -v x "$at/merged/new" 2>&1)
  expect "$type: setting through the overlay is refused" "setfattr: $at/merged/new: Operation not permitted" "$refused"
  stamp=$(by "$at/upper/new")
  setfattr -x security.prov "$at/merged/new"
  expect "$type: removing through the overlay is dropped" "0 $stamp" "$? $(by "$at/upper/new")"
done
finish
