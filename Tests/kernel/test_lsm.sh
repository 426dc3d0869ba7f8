#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs the tests of the provfs LSM, which stand in lsm/. Arguments go to lsm/run.
here=$(cd "$(dirname "$0")" && pwd)
if [[ ! -e /sys/kernel/security/provfs ]]; then
  echo "1..0 # SKIP the provfs LSM is not active: boot a kernel with CONFIG_SECURITY_PROVFS=y and lsm=…,provfs"
  exit 77
fi
exec "$here/lsm/run" "${AGENT_NS_BUILD:-$here/.build}" "$@"
