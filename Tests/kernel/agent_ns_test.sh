# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the shell tests of agent namespaces share. Sourced, never run.
# shellcheck disable=SC2034 # those who source it use what is set here

set -u

build=${AGENT_NS_BUILD:-$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/.build}
no_session=00000000000000000000000000000000
failures=0
tests=0

if [[ ! -e /proc/self/agent_session ]]; then
  echo "1..0 # SKIP this kernel has no agent namespaces (/proc/self/agent_session): boot one with the series, CONFIG_AGENT_NS=y"
  exit 77
fi
if ((EUID != 0)); then
  echo "1..0 # SKIP needs root: sessions are made with CAP_SYS_ADMIN"
  exit 77
fi
if [[ ! -x $build/run_in_session ]]; then
  echo "Bail out! $build/run_in_session is not built: make -C Tests/kernel, and AGENT_NS_BUILD names where to"
  exit 1
fi

in_session() { "$build/run_in_session" "$@"; }

# expect NAME EXPECTED FOUND
expect() {
  tests=$((tests + 1))
  if [[ $2 == "$3" ]]; then
    echo "ok $tests $1"
  else
    failures=$((failures + 1))
    echo "not ok $tests $1"
    printf '# expected: %s\n# found:    %s\n' "$2" "$3"
  fi
}

# expect_match NAME PATTERN FOUND: an extended regular expression
expect_match() {
  tests=$((tests + 1))
  if [[ $3 =~ $2 ]]; then
    echo "ok $tests $1"
  else
    failures=$((failures + 1))
    echo "not ok $tests $1"
    printf '# expected to match: %s\n# found:             %s\n' "$2" "$3"
  fi
}

finish() {
  echo "1..$tests"
  exit $((failures > 0))
}
