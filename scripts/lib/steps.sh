# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The steps of a check: run, timed, told of in a table, and not run again where they have passed with the same inputs.
# Sourced after kernel.sh.
#
#   step NAME COMMAND...               runs it
#   step_with INPUTS NAME COMMAND...   runs it, unless it has passed here with these INPUTS (see inputs_of) and
#                                      $reuse is true
#   beside NAME COMMAND...             begins what the step NAME will do, at the lowest priority, while others run
#   joined NAME COMMAND...             as a step's command: waits for that and takes its output and status; runs COMMAND
#                                      if it was not begun
#
# Each runs in a shell of its own, whatever failed before, with its output in CACHE/check. A line of it that begins with
# "= " is the step's note in the table. PROVFS_STEPS is the table of the script that called this one, if it has one;
# PROVFS_PASSED where it is kept what has passed (default: CACHE/passed).

logs=$cache/check
reuse=false
# What a step returns whose time was up before anything had failed
unfinished=75
step_name='' step_result='' failed_steps=0
caller_has_table=${PROVFS_STEPS:+true}
export PROVFS_STEPS=${PROVFS_STEPS:-}

begin_steps() {
  mkdir -p "$logs"
  [[ -n $PROVFS_STEPS ]] || PROVFS_STEPS=$(mktemp "$logs/table.XXXXXX")
}

# record_step RESULT SECONDS NAME NOTE
record_step() {
  step_result=$1
  printf '%s\t%s\t%s\t%s\n' "$@" >>"$PROVFS_STEPS"
}

step() { step_with '' "$@"; }

step_with() {
  local inputs=$1 name=$2 log="$logs/${2// /-}.log" started=$SECONDS status=0 result=passed
  step_name=$name
  shift 2
  if can_reuse "$name" "$inputs"; then
    record_step before 0 "$name" "$(pass_of "$name" "$inputs")"
    return
  fi
  say "$name"
  # Not as a condition: the shell would not stop at a command that fails.
  set +e
  (
    set -e
    "$@"
  ) >"$log" 2>&1
  status=$?
  set -e
  if ((status == unfinished)); then
    result=STOPPED
  elif ((status)); then
    result=FAILED
    failed_steps=$((failed_steps + 1))
    grep -aE '^not ok |^# (expected|found|failed)|Expected .* \(' "$log" >&2 || true
    tail -100 "$log" >&2
    say "$name failed; all of it: $log"
  else
    tail -1 "$log"
    [[ -z $inputs ]] || record_pass "$name" "$inputs" $((SECONDS - started))
  fi
  record_step "$result" $((SECONDS - started)) "$name" "$(grep -a '^= ' "$log" | tail -1 | cut -c3-)"
}

# Process of what was begun beside the steps, by their names. It leads a process group, and ends with it.
declare -A beside_leaders=()

beside() {
  local name=$1 log="$logs/${1// /-}.beside"
  shift
  rm -f "$log.status"
  set -m
  (
    set +em
    renice -n 19 -p "$BASHPID" >/dev/null
    (
      set -e
      "$@"
    )
    echo $? >"$log.status"
  ) >"$log" 2>&1 &
  set +m
  beside_leaders[$name]=$!
}

joined() {
  local name=$1 log="$logs/${1// /-}.beside" leader=${beside_leaders[$1]:-}
  shift
  if [[ -z $leader ]]; then
    "$@"
    return
  fi
  tail --pid="$leader" -s 1 -f /dev/null
  cat "$log"
  echo "= begun beside the steps before it"
  return "$(cat "$log.status" || echo 1)"
}

stop_besides() {
  local leader
  for leader in "${beside_leaders[@]}"; do kill -TERM -- "-$leader" 2>/dev/null || true; done
}

# What has passed: a line for each of the last inputs, with when and how long.
pass_file() { printf '%s\n' "${PROVFS_PASSED:-$cache/passed}/${1// /-}"; }

pass_of() { # NAME INPUTS
  local file
  file=$(pass_file "$1")
  [[ ! -f $file ]] || sed -n "s/^$2 //p" "$file" | tail -1
}

can_reuse() { [[ $reuse == true && -n $2 && -n $(pass_of "$1" "$2") ]]; } # NAME INPUTS

record_pass() { # NAME INPUTS SECONDS
  local directory file
  for directory in "$cache/passed" ${PROVFS_PASSED:+"$PROVFS_PASSED"}; do
    mkdir -p "$directory"
    file=$directory/${1// /-}
    {
      [[ ! -f $file ]] || tail -20 "$file"
      printf '%s passed %s, in %d s\n' "$2" "$(date -u '+%F %T')" "$3"
    } >"$file.new.$$"
    mv "$file.new.$$" "$file"
  done
}

# inputs_of PATH... [-- FACT...]: a digest of the files of this repository at or below the paths, as they are in the work
# tree (names, content, mode, whether git knows them yet or not), and of the facts.
inputs_of() {
  local paths=()
  while (($#)) && [[ $1 != -- ]]; do
    paths+=("$1")
    shift
  done
  {
    printf '%s\n' "$@"
    plain_git -C "$repository" ls-files -z --cached --others --exclude-standard -- "${paths[@]}" | sort -zu |
      while IFS= read -r -d '' file; do
        if [[ -e $repository/$file || -L $repository/$file ]]; then printf '%s\0' "$file"; fi
      done |
      tar -C "$repository" -c --no-recursion --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=go=u-w \
        --null --verbatim-files-from -T -
  } | sha256sum | cut -d' ' -f1
}

# Facts: what else decides what a step does. Each prints lines.
machine_facts() {
  uname -srvm
  cat /etc/os-release
  gcc --version 2>/dev/null || true
  package_facts libc6 python3
  # What is set for the tests and for the tools that run them
  env | grep -E '^(PROV|AGENT_|K(SRC|VER)=|JOBS=|PYTEST|PYTHON|TMPDIR=|SWIFT|CC=|CFLAGS=|LC_|LANG=)' |
    grep -vE '^PROVFS_(CACHE|STEPS|PASSED|MIRROR|BUILD_LOCK_HELD)=' | sort
}

package_facts() { # PACKAGE...: Debian's names
  # shellcheck disable=SC2016 # the braces are dpkg-query's
  [[ ! $(command -v dpkg-query) ]] || dpkg-query -W -f '${Package} ${Version}\n' "$@" 2>/dev/null || true
}

swift_facts() {
  swift --version 2>&1
  # What the dependencies were resolved to
  [[ ! -f $repository/Package.resolved ]] || cat "$repository/Package.resolved"
  package_facts clang gcc libc6-dev libcap-dev libfuse3-dev libmd-dev liburing-dev
}

# print_steps: the table, what was not run, and the line that says how many steps passed and failed: of those that ran.
print_steps() {
  awk -F'\t' '
    BEGIN { printf "\n%-8s %8s  %s\n", "", "minutes", "step" }
    {
      printf "%-8s %8.1f  %-22s %s\n", $1, $2 / 60, $3, $4
      total += $2
      count[$1]++
      if ($1 == "before") before = before (before ? ", " : "") $3
      if ($1 == "STOPPED" || $1 == "NOT RUN") due = due (due ? ", " : "") $3
    }
    END {
      printf "%-8s %8.1f\n", "", total / 60
      if (before) print "Not run again, since it has passed here with the same inputs: " before "."
      if (due) print "Due and not run, or not to the end: " due "."
      printf "steps: %d passed, %d failed\n", count["passed"], count["FAILED"]
    }' "$PROVFS_STEPS"
}

# end_steps: prints the table, unless the caller has one. 1 if a step of this script failed.
end_steps() {
  if [[ -z $caller_has_table ]]; then
    print_steps
    rm -f "$PROVFS_STEPS"
  fi
  ((failed_steps == 0))
}
