#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The filesystem stops at random moments of a write load, without its log being flushed, as if the power had failed:
# nothing reaches the disk after that. Then it is mounted again, which replays the log.
source "$(dirname "$0")/lsm_test.sh"

# More rounds find more. An emulated machine takes some twenty seconds of its processor for one, with a debug kernel five
# times that, which looks for other faults.
rounds=${PROVFS_CRASH_ROUNDS:-$([[ -e /sys/kernel/debug/kmemleak ]] && echo 1 || echo 4)}
# Two sessions create, rewrite, append to and replace the same files. What one writes is its id, line by line. They take
# turns at each file: of two that overwrite each other at offsets of their own, the last one need not have written the end.
cat >"$work/writer" <<'SH'
cd "$1" || exit 1
id=$(head -c 32 /proc/self/agent_session)
while :; do
  file=file.$((RANDOM % 20))
  exec 9>"$2/$file.lock"
  flock 9
  {
    case $((RANDOM % 4)) in
      0) for line in {1..100}; do echo "$id"; done >$file ;;
      1) echo "$id" >>$file ;;
      2) echo "$id" >$file.$id && mv $file.$id $file ;;
      3) rm -f $file ;;
    esac
  } 2>/dev/null || [ -w . ] && [ -e ready ] || exit 0
  ((RANDOM % 5)) || { sync $file 2>/dev/null && : >"$2/synced"; }
done
SH

# judge FILE: what is wrong with it, if anything
judge() {
  local size stamp state id others
  size=$(getfattr --absolute-names --only-values -n security.prov "$1" 2>/dev/null | wc -c)
  stamp=$("$build/stamp" --verify "$1" 2>/dev/null) || stamp='- none'
  read -r id state <<<"$stamp"
  if ((size != 0 && size != 64)); then echo "a torn stamp of $size bytes"; fi
  case $id in
    "$one" | "$two") ;;
    -) [[ $state == none && $size == 0 ]] || echo "malformed" ;;
    *) echo "a stamp of somebody else, $id" ;;
  esac
  [[ $state == ok ]] || return
  # The last line is the stamped writer's, as far as the content got to the disk.
  others=$(tr -d '\0' <"$1" | tail -1)
  [[ -z $others || $id == "$others"* || $others == "$id"* ]] || echo "verified as $id's, but its end is $others"
}

mkdir "$work/locks"
for type in ext4 xfs; do
  make_filesystem "$type" 512M
  device=$(findmnt -n -o SOURCE "$work/$type")
  wrong='' checks='' verified=0 seen=0
  for ((round = 0; round < rounds; round++)); do
    : >"$work/$type/ready"
    rm -f "$work/locks/synced"
    for id in one two; do
      "$build/stamp" --session bash "$work/writer" "$work/$type" "$work/locks" 3>"$work/id.$id" 2>/dev/null &
    done
    # A crash before anything has got to the disk leaves nothing to judge.
    for ((wait = 0; wait < 600; wait++)); do
      [[ ! -e $work/locks/synced ]] || break
      sleep 0.1
    done
    sleep "0.$((RANDOM % 9))$((RANDOM % 10))"
    xfs_io -x -c 'shutdown' "$work/$type" || exit 1
    kill %% %- 2>/dev/null
    wait 2>/dev/null
    # What the writers had just started may be there for a moment after them.
    for ((wait = 0; wait < 600; wait++)); do
      ! umount "$work/$type" 2>/dev/null || break
      sleep 0.1
    done
    mountpoint -q "$work/$type" && echo "$work/$type is in use" && exit 1
    mount "$device" "$work/$type" || exit 1
    one=$(<"$work/id.one") two=$(<"$work/id.two")
    for file in "$work/$type"/file.*; do
      [[ -e $file ]] || continue
      seen=$((seen + 1))
      verdict=$(judge "$file")
      [[ -z $verdict ]] || wrong+="round $round: ${file##*/}: $verdict; "
      [[ $("$build/stamp" --verify "$file" 2>/dev/null) != *' ok' ]] || verified=$((verified + 1))
    done
    rm -f "$work/$type"/file.*
    umount "$work/$type"
    case $type in
      ext4) e2fsck -fn "$device" >/dev/null 2>&1 || checks+="round $round " ;;
      xfs) xfs_repair -n "$device" >/dev/null 2>&1 || checks+="round $round " ;;
    esac
    mount "$device" "$work/$type" || exit 1
  done
  echo "# $type: $rounds crashes, $seen files, $verified of them verified as ok"
  expect "$type: files survived to be judged" 1 $((verified > 0))
  expect "$type: no stamp is torn, and none says ok of another's content" '' "$wrong"
  expect "$type: the filesystem is consistent" '' "$checks"
done
finish
