# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the tests share that use the programs. Sourced after lsm_test.sh, never run.
# shellcheck disable=SC2034,SC2154,SC2153 # those who source it use what is set here, and set what is used

# Where other users can execute them
mkdir "$work/bin"
cp "$PROVSTAMP" "$work/bin/provstamp"
provstamp=$work/bin/provstamp

# value NAME...: these fields of each JSON object that is no summary and has one of them, "none" where it has not. Of
# texts without quotes and commas.
value() {
  awk -v names="$*" '
    /"type":"summary"/ { next }
    {
      count = split(names, name, " "); line = ""; found = 0
      for (i = 1; i <= count; i++) {
        text = "none"
        if (match($0, "\"" name[i] "\":[^,}]*")) {
          text = substr($0, RSTART + length(name[i]) + 3, RLENGTH - length(name[i]) - 3)
          gsub("\"", "", text)
          if (text == "null") text = "none"; else found = 1
        }
        line = line (i > 1 ? " " : "") text
      }
      if (found) print line
    }'
}

# answer COMMAND FILE: SESSION TRUST STATE STAMPER
answer() { "$provstamp" "$1" --json "$2" | value session trust state stamper; }

status_of() {
  ("$@") >/dev/null 2>&1
  echo $?
}

# session_in FILE: that of the first note of provstamp run -v
session_in() { sed -n 's/^provstamp: note: session \([0-9a-f]*\) .*/\1/p' "$1" | sed -n 1p; }

# run COMMAND...: as a session; $session is the id, $status how it ended, and of a session nested in it
# $nested_session and $nested_in
run() {
  "$provstamp" run -v -- "$@" 2>"$work/bin/notes"
  status=$?
  grep -v '^provstamp: note: session' "$work/bin/notes" | sed 's/^/# /'
  session=$(session_in "$work/bin/notes")
  read -r nested_session nested_in <<<"$(sed -n 's/.*session \([0-9a-f]*\) of the kernel, nested in \([0-9a-f]*\)$/\1 \2/p' "$work/bin/notes")"
}

as_user() {
  local uid=$1
  shift
  setpriv --reuid "$uid" --regid "$uid" --clear-groups --inh-caps=-all "$@"
}
