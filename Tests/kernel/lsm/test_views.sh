#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# provfs on the patched kernel: exactly one stamp a file, by the LSM, and it names the client, never the daemon. $PROVFS
# and $PROVSTAMP name the programs.
# shellcheck disable=SC2016 # for the shell that is started
source "$(dirname "$0")/lsm_test.sh"
need_program PROVSTAMP
need_program PROVFS
# shellcheck source=Tests/kernel/lsm/session_tools.sh
source "$here/session_tools.sh"

attributes() { getfattr --absolute-names -m - "$1" 2>/dev/null | grep '\.prov' | paste -sd' '; }

# many USER NAME: twenty files in the view, as that user in a session; $work/bin/NAME.session is the session
many() {
  as_user "$1" "$provstamp" run -v --user-namespace -- sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do
    echo a >view/$0.$i; echo b >>view/$0.$i; done' "$2" 2>"$work/bin/$2.notes"
}

types=("$@")
((${#types[@]})) || types=(ext4 xfs btrfs tmpfs)
for type in "${types[@]}"; do
  make_filesystem "$type" 512M
  cd "$work/$type" || exit 1
  mkdir source view
  chmod 777 source
  "$PROVFS" source view || { echo "Bail out! provfs does not mount" && exit 1; }
  at_exit+=("umount -l '$work/$type/view' 2>/dev/null")
  failed_before=$(count failed_other)

  expect_program "$type: each way to write through a view" test_ways "$work/$type/view"
  run sh -c 'echo content >view/file'
  first=$session
  expect "$type: a write in a view is the client's" "$first kernel ok lsm" "$(answer who source/file)"
  expect "$type: the view shows the same stamp" "$first privileged ok lsm" "$(answer who view/file)"
  expect "$type: one stamp" security.prov "$(attributes source/file)"
  run sh -c 'echo more >>view/file'
  expect "$type: then its next writer's" "$session kernel ok lsm" "$(answer who source/file)"
  expect "$type: and both are in the log" "$session $first" "$("$provstamp" log --json source/file | value session | paste -sd' ')"
  expect "$type: one stamp and one log" "security.prov security.prov.log" "$(attributes source/file)"
  run sh -c 'echo old >view/text'
  first=$session
  run sh -c 'echo new >view/draft; mv view/draft view/text'
  expect "$type: what takes another's name takes its history" "$session $first" "$(session_of source/text) $(earlier_sessions source/text)"
  run sh -c 'echo content >view/touched'
  sleep 0.1
  touch view/touched
  expect "$type: touch renews the stamp" "$session kernel ok lsm" "$(answer who source/touched)"
  run truncate -s 3 view/file
  expect "$type: truncate" "$session:truncate" "$(by source/file | cut -d: -f1,2)"
  run sh -c 'mkdir view/directory; ln -s nowhere view/symlink; mkfifo view/fifo; mv view/file view/renamed; chmod 600 view/renamed'
  expect "$type: what is made is its maker's" "$session:mkdir:1 $session:ln:1 $session:mkfifo:1" \
    "$(by source/directory) $(by source/symlink) $(by source/fifo)"
  expect "$type: names and modes are no change" truncate "$(by source/renamed | cut -d: -f2)"
  run python3 -c '
import mmap
with open("view/mapped", "w+b") as file:
    file.write(b"content")
    file.flush()
    mapping = mmap.mmap(file.fileno(), 7)
mapping[0:1] = b"X"
mapping.flush()
mapping.close()'
  expect "$type: stores to a mapping" "$session:python3" "$(by source/mapped | cut -d: -f1,2)"

  # Where the kernel passes writes through, nobody who knows the registry is asked.
  mkdir asked asking
  chmod 777 asked
  "$PROVFS" asked asking -o passthrough=off
  as_user 1000 "$provstamp" run -v -- sh -c 'echo x >asking/registered' 2>notes
  umount asking
  registered=$(session_in notes)
  expect "$type: a session of the registry is named too, in a view without passthrough" "$registered kernel ok lsm" "$(answer who asked/registered)"
  many 1000 one &
  many 1001 two &
  wait
  for name in one two; do
    found=$("$provstamp" find --json --session "$(session_in "$work/bin/$name.notes")" --trust kernel --state ok source | value path uid stamper)
    expect "$type: two users at once: user $name's ten files are his session's" "10 10" \
      "$(wc -l <<<"$found") $(grep -c "/$name\.[0-9]* $([[ $name == one ]] && echo 1000 || echo 1001) lsm$" <<<"$found")"
  done

  for passthrough in on off; do
    mkdir "source.$passthrough" "view.$passthrough"
    "$PROVFS" "source.$passthrough" "view.$passthrough" -o "passthrough=$passthrough"
    expect "$type: a view with passthrough=$passthrough" 0 $?
    run sh -c 'echo content >"view.$0/file"' "$passthrough"
    first=$session
    expect "$type, passthrough=$passthrough: a file is its writer's, who created it, with one stamp" "$first:sh:1 security.prov" \
      "$(by "source.$passthrough/file") $(attributes "source.$passthrough/file")"
    run sh -c 'echo more >>"view.$0/file"' "$passthrough"
    expect "$type, passthrough=$passthrough: then its next writer's, with one stamp and one log" \
      "$session:sh:0 $first security.prov security.prov.log" \
      "$(by "source.$passthrough/file") $(earlier_sessions "source.$passthrough/file") $(attributes "source.$passthrough/file")"
    umount "view.$passthrough"
  done

  daemon=$(pgrep -f "^$PROVFS source view")
  run sh -c 'exec 3>>view/renamed; echo open >&3; kill -9 "$0"; exec 3>&-; :' "$daemon"
  expect "$type: the daemon is gone" no "$([[ $daemon && ! -e /proc/$daemon/exe ]] && echo no)"
  umount -l view 2>/dev/null
  expect "$type: a killed daemon has stamped what its client wrote" "$session" "$(session_of source/renamed)"
  expect "$type: the daemon is named nowhere" 1 "$(status_of "$provstamp" find --comm provfs source)"
  expect "$type: nothing failed" "$failed_before" "$(count failed_other)"
  cd / || exit 1
done

# Without the privilege to name others, the LSM says the truth: the daemon wrote. The client is named beside it.
mkdir -p /run/lower/source /run/lower/view
chown -R 1000:1000 /run/lower
# As udev sets it
chmod 666 /dev/fuse
as_user 1000 "$PROVFS" /run/lower/source /run/lower/view
expect "a user's own view: mounted" 0 $?
as_user 1000 sh -c 'echo x >/run/lower/view/file'
umount -l /run/lower/view
# The daemon sets what is pending before it ends.
while pgrep -f "^$PROVFS /run/lower" >/dev/null; do sleep 0.1; done
expect "a daemon without CAP_MAC_ADMIN: the LSM names it" provfs "$(by /run/lower/source/file | cut -d: -f2)"
expect "and user.prov the client" "sh advisory" "$("$provstamp" who --json /run/lower/source/file | sed 's/.*"also":/"also":/' | value comm trust)"
finish
