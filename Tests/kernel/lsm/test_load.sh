#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A thousand processes write ten thousand files in two sessions at once.
source "$(dirname "$0")/lsm_test.sh"

cat >"$work/writer" <<'SH'
directory=$1 session=$2
for process in {1..500}; do
  (for file in {1..10}; do echo "$BASHPID" >"$directory/$session.$process.$file"; done) &
  ((process % 50)) || wait
done
wait
SH
for type in ext4 tmpfs; do
  make_filesystem "$type" 512M
  for session in one two; do
    "$build/stamp" --session bash "$work/writer" "$work/$type" $session 3>"$work/id.$session" &
  done
  wait
  cd "$work/$type" || exit 1
  for session in one two; do
    find . -name "$session.*" -print0 | xargs -0 "$build/stamp" >"$work/stamps"
    expect "$type: session $session has written 5000 files" 5000 "$(wc -l <"$work/stamps")"
    expect "$type: each is stamped by session $session" "5000 $(<"$work/id.$session")" \
      "$(cut -d' ' -f1 "$work/stamps" | sort | uniq -c | sed 's/^ *//')"
    expect "$type: 500 processes are named" 500 "$(cut -d' ' -f2 "$work/stamps" | sort -u | wc -l)"
    # What is in a file is the pid of who wrote it.
    expect "$type: each names the process that wrote the file, its inode, and a time that covers it" "5000 none" \
      "$(find . -name "$session.*" -print0 | xargs -0 "$build/stamp" --states |
        while read -r _ pid state file; do
          read -r writer <"$file" && [[ $state == ok && $pid == "$writer" ]] && echo right || echo "$file" >>"$work/wrong"
        done | wc -l) $(head -3 "$work/wrong" 2>/dev/null | grep . || echo none)"
  done
  cd /
done
finish
