#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs the tests of provfs and provstamp on a kernel with the provfs LSM, which stand in lsm/.
here=$(cd "$(dirname "$0")" && pwd)
exec "$here/test_lsm.sh" programs
