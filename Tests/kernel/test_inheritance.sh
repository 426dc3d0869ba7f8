#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A session goes wherever its processes go, and no further.

# shellcheck disable=SC2016 # what is in single quotes is for the shell in the session
# shellcheck source=Tests/kernel/agent_ns_test.sh
source "$(dirname "${BASH_SOURCE[0]}")/agent_ns_test.sh"

expect "this shell is outside any session" "$no_session" "$(</proc/self/agent_session)"
expect_match "a command in a session has an id" '^[0-9a-f]{32}$' "$(in_session cat /proc/self/agent_session)"
expect "two sessions have two ids" 2 \
  "$({ in_session cat /proc/self/agent_session && in_session cat /proc/self/agent_session; } | sort -u | wc -l)"
expect "the shell that made them is still outside" "$no_session" "$(</proc/self/agent_session)"

# Each of these prints the session that it finds itself in, in a line of its own.
inherited=$(in_session bash -c '
  cat /proc/self/agent_session
  (cat /proc/self/agent_session)
  cat /proc/self/agent_session & wait
  sh -c "exec cat /proc/self/agent_session"
  setsid --wait cat /proc/self/agent_session
  nohup cat /proc/self/agent_session 2>/dev/null
  echo x | xargs -I{} cat /proc/self/agent_session
  env -i /bin/cat /proc/self/agent_session
  unshare --user --map-root-user --pid --fork --mount-proc cat /proc/self/agent_session
  cat /proc/$$/task/$$/agent_session
')
expect "ten ways to run a command stay in the session" "10 1" \
  "$(wc -l <<<"$inherited") $(sort -u <<<"$inherited" | wc -l)"

# A child that is orphaned goes to init, and keeps its session.
orphaned=$(in_session bash -c '
  cat /proc/self/agent_session
  (setsid sh -c "while [ \$(cut -d\" \" -f4 /proc/self/stat) = $$ ]; do :; done; cat /proc/self/agent_session" &)
' | cat)
expect "an orphan stays in the session" "2 1" \
  "$(wc -l <<<"$orphaned") $(sort -u <<<"$orphaned" | wc -l)"

nested=$(in_session bash -c '
  cat /proc/self/agent_session
  "$0" cat /proc/self/agent_session /proc/self/agent_lineage
' "$build/run_in_session")
mapfile -t line <<<"$nested"
expect "a nested session, its own id and its lineage" 4 "${#line[@]}"
expect "a nested session has an id of its own" different "$([[ ${line[0]} != "${line[1]}" ]] && echo different)"
expect "the lineage begins with its own id" "${line[1]}" "${line[2]}"
expect "the lineage ends with the outermost" "${line[0]}" "${line[3]}"

expect "the intent is inherited" "build the docs" \
  "$(in_session --intent 'build the docs' sh -c 'cat /proc/self/agent_intent')"
expect "a nested session has an intent of its own" "" \
  "$(in_session --intent outer "$build/run_in_session" cat /proc/self/agent_intent)"

expect "the exit status passes through" 42 "$(
  in_session sh -c 'exit 42'
  echo $?
)"

finish
