#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The tracepoints of agent sessions and their fields, as bpftrace prints them, or tracefs where bpftrace is not there.

# shellcheck disable=SC2016 # what is in single quotes is for the shell in the session
# shellcheck source=Tests/kernel/agent_ns_test.sh
source "$(dirname "${BASH_SOURCE[0]}")/agent_ns_test.sh"

tracefs=/sys/kernel/tracing
if ! mountpoint -q $tracefs && ! mount -t tracefs tracefs $tracefs; then
  echo "Bail out! there is no tracefs at $tracefs"
  exit 1
fi
events=$tracefs/events/agent_ns
work=$(mktemp -d)
trap 'echo 0 >$events/enable; forget_probes; rm -rf "$work"' EXIT

forget_probes() {
  [[ -e $tracefs/events/agent_ns_order ]] || return 0
  echo 0 >$tracefs/events/agent_ns_order/enable
  printf -- '-:agent_ns_order/%s\n' asked dispatched >>$tracefs/kprobe_events
}

fields_of() { sed -n 's/^\tfield:[^;]*[ *]\([a-z_]*\)\(\[[0-9]*\]\)\?;.*/\1/p' "$events/$1/format" | grep -v ^common_ | paste -sd' '; }

expect "the fields of agent_session_start" "session parent level pid uid comm" "$(fields_of agent_session_start)"
expect "the fields of agent_session_end" \
  "session parent total_syscalls openat_count write_bytes connect_count unlink_count fork_count elapsed_ns" \
  "$(fields_of agent_session_end)"
expect "the fields of agent_intent_set" "session pid intent" "$(fields_of agent_intent_set)"

# What runs under trace: a session that writes seven bytes, removes a file, and holds a nested one.
act() {
  in_session --intent 'trace me' bash -c '
    echo $$ >"$1/pid"; cat /proc/self/agent_session >"$1/outer"
    "$0" sh -c "cat /proc/self/agent_session >$1/inner"
    touch "$1/victim"; rm "$1/victim"
  ' "$build/run_in_session" "$work"
}

echo >$tracefs/trace
echo 1 >$events/enable
act
echo 0 >$events/enable
grep -v '^#' $tracefs/trace >"$work/trace"
outer=$(<"$work/outer") inner=$(<"$work/inner") pid=$(<"$work/pid")
expect "each session starts once and ends once" "2 2" \
  "$(grep -c agent_session_start: "$work/trace") $(grep -c agent_session_end: "$work/trace")"
expect_match "the start of a session" \
  "agent_session_start: session=$outer parent=$no_session level=1 pid=$pid uid=0 comm=run_in_session" \
  "$(grep "agent_session_start: session=$outer" "$work/trace")"
expect_match "the start of a nested session" \
  "agent_session_start: session=$inner parent=$outer level=2 pid=[0-9]+ uid=0 comm=run_in_session" \
  "$(grep "agent_session_start: session=$inner" "$work/trace")"
expect_match "the intent" "agent_intent_set: session=$outer pid=$pid intent=\"trace me\"" \
  "$(grep agent_intent_set: "$work/trace")"
ended=$(grep "agent_session_end: session=$outer" "$work/trace")
expect_match "the end of a session, and what it did" \
  "parent=$no_session total_syscalls=[1-9][0-9]+ openat_count=[1-9][0-9]* write_bytes=[1-9][0-9]+ connect_count=0 unlink_count=1 fork_count=[1-9][0-9]* elapsed_ns=[1-9][0-9]+" \
  "$ended"
expect "the nested session ends first" "$inner" \
  "$(sed -n 's/.*agent_session_end: session=\([0-9a-f]*\).*/\1/p' "$work/trace" | sed -n 1p)"
bytes_of() { sed -n "s/.*agent_session_end: session=$1.* write_bytes=\([0-9]*\).*/\1/p" "$work/trace"; }
# The inner one writes its id and a newline; the outer one that, its own, and its pid.
expect "the inner session's bytes" 33 "$(bytes_of "$inner")"
expect "the outer session's bytes include them" $((33 + 33 + ${#pid} + 1)) "$(bytes_of "$outer")"

# A failed clone is no session: nothing starts, nothing ends.
echo >$tracefs/trace
echo 1 >$events/enable
echo 0 >/proc/sys/kernel/agent_ns/enabled
in_session true 2>/dev/null
echo 1 >/proc/sys/kernel/agent_ns/enabled
expect "a session that was refused leaves no event" "" "$(grep -v '^#' $tracefs/trace)"
expect "a clone can fail when the session has been made" 0 "$(
  "$build/clone_session" late-failure >&2
  echo $?
)"
expect "a clone that failed late leaves no event" "" "$(grep -v '^#' $tracefs/trace)"

# The first task is there before it runs, and the end does not wait for whoever holds the namespace open.
held=$("$build/clone_session" grep agent_session_end: $tracefs/trace)
echo 0 >$events/enable
read -r pid cloned <<<"$held"
expect_match "the start of a session that clone3 made names the child" \
  "agent_session_start: session=$cloned parent=$no_session level=1 pid=$pid uid=0 comm=clone_session" \
  "$(grep agent_session_start: $tracefs/trace)"
expect_match "a session ends while its namespace is held open" "agent_session_end: session=$cloned " "$held"
expect "and does so once" 1 "$(grep -c agent_session_end: $tracefs/trace)"

# Security modules are asked about each of these options before the series gets to see it.
{
  echo 'p:agent_ns_order/asked security_task_prctl option=$arg1:x32'
  echo 'p:agent_ns_order/dispatched agent_ns_prctl option=$arg1:x32'
} >>$tracefs/kprobe_events
echo >$tracefs/trace
echo 1 >$tracefs/events/agent_ns_order/enable
in_session --intent ordered true
probed=$(grep -v '^#' $tracefs/trace)
forget_probes
expect "security modules are asked first" \
  "asked 0x41544e5a|dispatched 0x41544e5a|asked 0x41544e55|dispatched 0x41544e55|asked 0x41544e57|dispatched 0x41544e57" \
  "$(sed -n 's/.* \(asked\|dispatched\): .*option=\(0x41544e[0-9a-f]*\)$/\1 \2/p' <<<"$probed" | paste -sd'|')"

if [[ $(command -v bpftrace) ]]; then
  # The kernel's own types, for a kernel that was built without BTF; args-> is what every bpftrace understands.
  bpftrace -c "$build/run_in_session --intent bpf true" -e '
    #define u8 unsigned char
    #define u64 unsigned long long
    #define pid_t int
    #define uid_t unsigned int
    tracepoint:agent_ns:agent_session_start { printf("start %d %d\n", args->level, args->uid); }
    tracepoint:agent_ns:agent_intent_set { printf("intent %s\n", str(args->intent)); }
    tracepoint:agent_ns:agent_session_end { printf("end %d %d\n", args->connect_count, args->unlink_count); }
  ' >"$work/bpf" 2>"$work/bpf.errors"
  expect "bpftrace sees the same" "start 1 0|intent bpf|end 0 0" "$(grep -E '^(start|intent|end)' "$work/bpf" | paste -sd'|')"
else
  echo "# bpftrace is not installed: tracefs alone"
fi

finish
