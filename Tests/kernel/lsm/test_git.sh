#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# git compares ctime: stamps that came late would make it read every file again.
source "$(dirname "$0")/lsm_test.sh"

export HOME=$work GIT_CONFIG_NOSYSTEM=1
git config --global user.name tester
git config --global user.email tester@localhost
git config --global init.defaultBranch main
git config --global safe.directory '*'

# opened_by COMMAND...: how many of the tree's files it opens
opened_by() {
  strace -f -qq -e trace=open,openat -o "$work/trace" "$@" >/dev/null 2>&1
  grep -c 'file[0-9]*\.txt' "$work/trace"
}

for type in ext4 xfs btrfs tmpfs; do
  make_filesystem "$type" 512M
  cd "$work/$type" || exit 1
  git init -q source
  cd source || exit 1
  for i in {1..300}; do echo "content $i" >"file$i.txt"; done
  git add . && git commit -q -m tree
  cd .. && in_session git clone -q source clone
  cd clone || exit 1
  # A file as young as the index is read again whatever its times are.
  sleep 1.1
  first=$(opened_by git status --porcelain)
  second=$(opened_by git status --porcelain)
  expect "$type: the checkout is the session's" "$session" "$(session_of file300.txt)"
  echo "# $type: the first git status after a checkout opens $first of 300 files"
  expect "$type: the second opens none" 0 "$second"
  echo changed >file7.txt
  expect "$type: a change is seen" " M file7.txt" "$(git status --porcelain)"
done
finish
