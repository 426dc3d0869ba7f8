#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A session that exceeds its budget dies of it, as a shell sees it. Nothing here measures time: a session that is not
# ended is waited for until the runner's time limit.

# shellcheck disable=SC2016 # what is in single quotes is for the shell in the session
# shellcheck source=Tests/kernel/agent_ns_test.sh
source "$(dirname "${BASH_SOURCE[0]}")/agent_ns_test.sh"

sysctls=/proc/sys/kernel/agent_ns
interval=$(<$sysctls/reaper_interval)
lifetime=$(<$sysctls/max_lifetime)
# shellcheck disable=SC2064 # the values of now are meant
trap "echo $interval >$sysctls/reaper_interval; echo $lifetime >$sysctls/max_lifetime; echo 1 >$sysctls/enabled" EXIT
echo 1 >$sysctls/reaper_interval

# status_of COMMAND...: its exit status, and 128 and the signal if one killed it
status_of() {
  { in_session "$@"; } >/dev/null 2>&1
  echo $?
}

expect "within the budget it lives" 0 "$(status_of --max-write-bytes 1000000 --action 2 sh -c 'echo fine')"
expect "too many bytes: SIGKILL" 137 "$(status_of --max-write-bytes 100 --action 2 dd if=/dev/zero of=/dev/null bs=1)"
expect "too many bytes: SIGTERM" 143 "$(status_of --max-write-bytes 100 --action 1 dd if=/dev/zero of=/dev/null bs=1)"
expect "too many system calls" 137 "$(status_of --max-syscalls 1000 --action 2 dd if=/dev/zero of=/dev/null bs=1)"
expect "too long" 137 "$(status_of --max-elapsed-ns 1 --action 2 sleep infinity)"
expect "SIGTERM that is ignored becomes SIGKILL" 137 \
  "$(
    trap '' TERM
    status_of --max-elapsed-ns 1 --action 1 sleep infinity
  )"

# A whole tree of processes, some of them in nested sessions, some orphaned. Whoever lives holds the pipe open.
in_session --max-elapsed-ns 1 --action 2 bash -c '
  sleep infinity & (sleep infinity &) ; setsid sleep infinity &
  "$0" sleep infinity &
  "$0" "$0" sleep infinity &
  wait
' "$build/run_in_session" 2>/dev/null | cat
expect "a whole tree dies" 137 "${PIPESTATUS[0]}"

expect "nested sessions spend the outer budget" 137 "$(status_of --max-write-bytes 100 --action 2 bash -c '
  for i in {1..20}; do "$0" dd if=/dev/zero of=/dev/null bs=10 count=1 2>/dev/null; done
  exec sleep infinity' "$build/run_in_session")"

echo 0 >$sysctls/enabled
expect "disabled, there are no new sessions" 125 "$(status_of true)"
echo 1 >$sysctls/enabled

echo 1 >$sysctls/max_lifetime
expect "no session outlives kernel.agent_ns.max_lifetime" 137 "$(status_of sleep infinity)"
echo "$lifetime" >$sysctls/max_lifetime

# More sessions than the kernel prints lines about in a row: for this action the line is all that happens.
work=$(mktemp -d)
for i in {1..25}; do
  "$build/run_in_session" --max-elapsed-ns 1 --action 0 sh -c 'cat /proc/self/agent_session >"$1"; exec sleep infinity' sh "$work/$i" &
done
while (($(cat "$work"/* 2>/dev/null | wc -l) < 25)); do sleep 0.2; done
logged() { dmesg | sed -n 's/.*agent_ns: session \([0-9a-f]*\) is over its budget, action 0$/\1/p' | grep -Fxf <(cat "$work"/*); }
for ((turn = 0; turn < 300; turn++)); do
  (($(logged | sort -u | wc -l) < 25)) || break
  sleep 1
done
expect "the action 0 logs every session once, however many they are" "25 25" "$(logged | sort -u | wc -l) $(logged | wc -l)"
expect "and spares them" 25 "$(jobs -rp | wc -l)"
mapfile -t spared < <(jobs -rp)
kill "${spared[@]}"
wait
rm -rf "$work"

finish
