#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# provstamp on the patched kernel: it makes the kernel's sessions, and answers for what they wrote. $PROVSTAMP names it.
# shellcheck disable=SC2016 # for the shell that is started
source "$(dirname "$0")/lsm_test.sh"
need_program PROVSTAMP
# shellcheck source=Tests/kernel/lsm/session_tools.sh
source "$here/session_tools.sh"

types=("$@")
((${#types[@]})) || types=(ext4 xfs btrfs tmpfs)
for type in "${types[@]}"; do
  make_filesystem "$type" 512M
  cd "$work/$type" || exit 1

  run sh -c 'echo content >outer; echo "$AGENT_SESSION_ID" >environment'
  outer=$session
  expect "$type: run: the session is the kernel's, and in the environment" "$outer" "$(<environment)"
  expect "$type: who: session, trust, state" "$outer kernel ok lsm" "$(answer who outer)"
  expect "$type: the kernel's own stamp says the same" "$outer" "$(session_of outer)"

  run "$provstamp" run -v -- sh -c 'echo content >inner'
  root=$session inner=$nested_session
  expect "$type: a session in a session is nested" "$root" "${nested_in:-none}"
  expect "$type: find --session OUTERMOST finds what was written inside" ./inner "$("$provstamp" find --session "$root")"
  expect "$type: and says that it is nested" true "$("$provstamp" find --session "$root" --json | value nested)"
  expect "$type: find --exact does not" 1 "$(status_of "$provstamp" find --session "$root" --exact)"
  expect "$type: find by the inner session's first digits" ./inner "$("$provstamp" find --session "${inner:0:12}")"

  run sh -c 'echo more >>outer'
  later=$session
  expect "$type: log: the last writer and the one before" "$later $outer" \
    "$("$provstamp" log --json outer | value session | paste -sd' ')"
  expect "$type: verify: all are ok" 0 "$(status_of "$provstamp" verify --strict)"
  expect "$type: sessions: one entry each" "$(printf '%s\n' "$later" "$inner" "$outer" | sort)" \
    "$("$provstamp" sessions --json | value session | sort -u)"
  touch -d '2001-01-01' inner
  expect "$type: verify --strict: a time set back is no proof" "unproven inode-changed-later" \
    "$("$provstamp" verify --strict --json inner | value state reason)"
  cp --preserve=all inner copy 2>/dev/null
  expect "$type: a copy is its copier's, whatever it carries" "none kernel ok lsm" "$(answer who copy)"
  expect "$type: find --trust: all of it is the kernel's" "$(find . -type f | wc -l)" \
    "$("$provstamp" find --trust kernel --state ok | xargs stat -c %F | grep -c '^regular')"
  cd / || exit 1
done

# A stamp that is carried to another inode below the filesystem
if [[ " ${types[*]} " == *' ext4 '* ]]; then
  device=$(findmnt -n -o SOURCE "$work/ext4")
  umount "$work/ext4" || exit 1
  debugfs -R "ea_get -f $work/carried /outer security.prov" "$device" 2>/dev/null
  debugfs -w -R "ea_set -f $work/carried /copy security.prov" "$device" 2>/dev/null
  mount "$device" "$work/ext4" || exit 1
  expect "ext4: a stamp of another inode verifies as copied" copied "$("$provstamp" verify --json "$work/ext4/copy" | value state)"
fi

cd "$work" || exit 1
chmod 777 .
expect "run: the command's exit status" 7 "$(status_of "$provstamp" run -- sh -c 'exit 7')"
expect "run: its death by a signal" 143 "$(status_of "$provstamp" run -- sh -c 'kill $$')"
expect "run: no such command" 127 "$(status_of "$provstamp" run -- no-such-command)"
found=$(sh -c 'echo $$ >pid; exec "$0" run -- sh -c "echo \$\$"' "$provstamp")
expect "run: one process, which is the command" "$(<pid)" "$found"
expect "run: the kernel knows the intent" "fix the parser" "$("$provstamp" run --intent 'fix the parser' -- cat /proc/self/agent_intent)"
expect "who: the intent of a session that runs" "fix the parser" \
  "$("$provstamp" run --intent 'fix the parser' -- sh -c 'echo x >intended; "$0" who --json intended' "$provstamp" | value intent)"
expect "sessions: and that it runs" true \
  "$("$provstamp" run -- sh -c 'echo x >running; "$0" sessions --json running' "$provstamp" | value running)"
expect "run: an intent that the kernel does not take" 125 "$(status_of "$provstamp" run --intent 'später' -- true)"
expect "doctor: the LSM stamps here, and sessions can be made" "agent-sessions ok lsm ok watched ok" \
  "$("$provstamp" doctor --json . | value name status | grep -E '^(agent-sessions|lsm|watched) ' | paste -sd' ')"

"$provstamp" doctor --json . >findings
expect "doctor: it shows what the LSM counts" '' "$(cut -d: -f1 "$stats" | while read -r name; do grep -q "\b$name: [0-9]" findings || echo "$name"; done)"

# Budgets
interval=/proc/sys/kernel/agent_ns/reaper_interval
usual=$(<$interval)
echo 1 >$interval
for budget in max_syscalls=2000 max_write_bytes=1M max_elapsed=3s; do
  expect "run --budget $budget,action=kill: the kernel ends it" 137 \
    "$(status_of timeout 300 "$provstamp" run --budget "$budget,action=kill" -- sh -c 'while :; do head -c 65536 /dev/zero >/dev/null; done')"
done
echo "$usual" >$interval
expect "run --budget: calls are counted in no unit" 125 "$(status_of "$provstamp" run --budget max_syscalls=1M -- true)"
expect "run --budget: below it, nothing happens" 0 "$(status_of "$provstamp" run --budget max_elapsed=1h,action=term -- true)"

# An ordinary user
as_user 1000 "$provstamp" run -v -- sh -c 'echo x >registered; cat /proc/self/agent_session' >user_session 2>notes
expect "a user without CAP_SYS_ADMIN: no session of the kernel" $no_session "$(<user_session)"
expect "and is told so" "1 1" "$(grep -c 'the kernel made no session: that takes CAP_SYS_ADMIN' notes) $(grep -c 'of the registry$' notes)"
expect "the LSM names no session then" "none kernel ok lsm" "$(answer who registered)"
expect "a user's doctor says so too" "agent-sessions warn" "$(as_user 1000 "$provstamp" doctor --json / | value name status | grep ^agent-sessions)"
as_user 1000 "$provstamp" run -v --user-namespace -- sh -c 'echo x >mapped; id -u' >user_id 2>notes
session=$(session_in notes)
expect "--user-namespace: a session of the kernel, with the user's own id" "1000 $session kernel ok lsm" "$(<user_id) $(answer who mapped)"
expect "--user-namespace: the uid in the stamp" 1000 "$("$provstamp" who --json mapped | value uid)"
run setpriv --reuid 1000 --clear-groups --inh-caps=-all "$provstamp" run -- touch never
expect "inside a session of the kernel, one of the registry is refused" "125 no" "$status $([[ -e never ]] && echo yes || echo no)"
run setpriv --reuid 1000 --clear-groups --inh-caps=-all "$provstamp" run -v --user-namespace -- sh -c 'echo x >laundered'
expect "a user who nests his session is found under the outermost" laundered "$("$provstamp" find --session "$session" laundered)"
echo 0 >/proc/sys/kernel/agent_ns/enabled
expect "switched off: a budget is refused" 125 "$(status_of "$provstamp" run --budget max_elapsed=1h -- true)"
"$provstamp" run -v -- true 2>notes
expect "switched off: the registry, and a note that says why" "1 1" "$(grep -c 'kernel.agent_ns.enabled is 0' notes) $(grep -c 'of the registry$' notes)"
echo 1 >/proc/sys/kernel/agent_ns/enabled

# A FUSE server shows a stamp as good as the LSM's.
mkdir forged
for owner in 1000 0; do
  python3 "$here/forging_server.py" "$work/forged" "$owner" &
  until mountpoint -q forged; do kill -0 $! || exit 1; done
  expected=$([[ $owner == 0 ]] && echo privileged || echo advisory)
  expect "a FUSE server of uid $owner: a forged stamp is $expected" "deadbeefdeadbeefdeadbeefdeadbeef $expected ok lsm" "$(answer who forged/file)"
  expect "doctor: and that nothing stamps there" "watched warn" "$("$provstamp" doctor --json forged | value name status | grep ^watched)"
  umount forged
  wait $!
done
finish
