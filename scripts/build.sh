#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ---
# usage: [KVER=7.2] [KSRC=DIR] [BUILD_KERNEL=0] scripts/build.sh [--debug | --flavour NAME] [--as-is] [--jobs N]
#        [KVER=7.2] [KSRC=DIR] scripts/build.sh --package [--config FILE] [--jobs N]
#        [KVER=7.2] [KSRC=DIR] scripts/build.sh [--flavour NAME] [--as-is] --make ARGUMENT...
#
# Fetches the kernel, applies the series, configures and builds: without options the small kernel that scripts/vm boots,
# with --package the one that you install. A second run does only what is needed; changed patches rebuild only what
# they touch. What is missing to build with is installed on Debian when root, and named otherwise.
#
#   KVER=VERSION       the kernel and its series: a directory of patches/ (default 7.2; with KSRC, what DIR says it is)
#   KSRC=DIR           patch and build the kernel tree DIR, in place, instead of fetching one. If a patch does not apply,
#                      DIR is left as it was
#   BUILD_KERNEL=0     stop when the series is applied, and print the tree's path
#   PROVFS_CACHE=DIR   downloads, trees and builds (default: $XDG_CACHE_HOME/provfs, else ~/.cache/provfs)
#
#   --debug            the flavour `debug`: KASAN, lockdep, atomic-sleep and VFS checks, kmemleak, fault injection
#   --flavour NAME     plain (default); debug; off: the series applied, its options off; small, small-off: just enough to
#                      compile what the series touches, small-lsm: that with the security module and without the namespace;
#                      or any scripts/kconfig/NAME.config, which is laid over vm.config
#   --as-is            with KSRC: build DIR exactly as it is, patch nothing
#   --package          build what one installs: .deb packages on Debian; elsewhere the image and modules under a directory
#   --config FILE      with --package: the configuration to start from (default: Debian's own for VERSION; elsewhere the
#                      running kernel's)
#   --make ARGUMENT... configure, and run the kernel's make with these arguments instead of building the image
#   --jobs N           compilers at once (default: one for each processor). They run at the lowest priority
#
# The last line on standard output is the path of what was made. Exit status: 0; 1 the kernel does not build; 2 trouble.
#
# In the cache: linux-VERSION is the pristine tree, tree-VERSION the same with the series (edits there are undone at the
# next run: edit a tree of your own and use KSRC), build/VERSION-FLAVOUR the build, with build.log.
# ---
set -euo pipefail
# shellcheck source=scripts/lib/kernel.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/kernel.sh"

flavour=plain package=false as_is=false base_config='' jobs=$(nproc) make_arguments=()
arguments=("$@")
while (($#)); do
  case $1 in
    --help | -h) print_help && exit ;;
    --debug) flavour=debug ;;
    --flavour) flavour=${2:?--flavour wants a name} && shift ;;
    --as-is) as_is=true ;;
    --package) package=true flavour=package ;;
    --config) base_config=$(realpath "${2:?--config wants a file}") && shift ;;
    --jobs) jobs=${2:?--jobs wants a number} && shift ;;
    --make) shift && make_arguments=("$@") && break ;;
    *) die "unknown argument $1" "scripts/build.sh --help" ;;
  esac
  shift
done
kconfig=$repository/scripts/kconfig
case $flavour in
  plain | off | small-off | small-lsm | package) ;;
  *) [[ -f $kconfig/$flavour.config ]] || die "there is no flavour $flavour ($kconfig/$flavour.config)" ;;
esac
if [[ -n ${KSRC:-} ]]; then
  KSRC=$(realpath -e "$KSRC") || die "KSRC: there is no such directory"
  KVER=${KVER:-$(tree_version "$KSRC")}
  [[ $(tree_version "$KSRC") == "$KVER" ]] || die "$KSRC is Linux $(tree_version "$KSRC"), not $KVER"
elif $as_is; then
  die "--as-is needs KSRC=DIR"
fi
KVER=${KVER:-7.2}
$as_is || require_version "$KVER"

series_digest() { series_patches "$KVER" | xargs -r cat | sha256sum | cut -d' ' -f1; }

# Applies the series to the tree of the cache so that only files whose content changes get a new mtime.
apply_to_own_tree() {
  local pristine commit tree=$cache/tree-$KVER
  pristine=$("$repository/scripts/kernel-sources" "$KVER")
  commit=$(commit_series "$KVER" "$pristine" pristine)
  if [[ ! -e $tree/.git ]]; then
    plain_git -C "$pristine" worktree prune
    plain_git -C "$pristine" worktree add -q -f --detach "$tree" "$commit"
  else
    # A cache that was copied or linked looks changed all over: what has the same content is left alone.
    plain_git -C "$tree" update-index -q --refresh >/dev/null || true
    plain_git -C "$tree" checkout -q -f --detach "$commit"
  fi
  printf '%s\n' "$tree"
}

own_tree_is_current() {
  local pristine tree=$cache/tree-$KVER
  [[ -e $tree/.git ]] || return 1
  pristine=$("$repository/scripts/kernel-sources" "$KVER")
  [[ $(plain_git -C "$tree" rev-parse HEAD) == "$(commit_series "$KVER" "$pristine" pristine)" ]] &&
    plain_git -C "$tree" diff --quiet HEAD
}

apply_to_given_tree() {
  local marker=$KSRC/.provfs-series patch patches applied=()
  patches=$(series_patches "$KVER")
  export GIT_CEILING_DIRECTORIES=${KSRC%/*}
  if [[ -f $marker ]]; then
    [[ $(<"$marker") == "$(series_digest)" ]] ||
      die "$KSRC carries another state of the series" "reset the tree and remove $marker, or build it --as-is"
    # A tree that git has reset keeps the file that git does not know.
    (cd "$KSRC" && plain_git apply --whitespace=nowarn -R --check "$(tail -1 <<<"$patches")" 2>/dev/null) ||
      die "$KSRC does not carry the series, though $marker says so" "reset the tree and remove that file"
  else
    while IFS= read -r patch; do
      [[ -n $patch ]] || continue
      if ! (cd "$KSRC" && plain_git apply --whitespace=nowarn "$patch"); then
        for patch in "${applied[@]}"; do (cd "$KSRC" && plain_git apply --whitespace=nowarn -R "$patch"); done
        die "the series for $KVER does not apply to $KSRC, which is as it was" "KVER picks another series"
      fi
      applied=("$patch" "${applied[@]}")
    done <<<"$patches"
    series_digest >"$marker"
  fi
  printf '%s\n' "$KSRC"
}

kernel_make() {
  local compiler=gcc
  if [[ $(command -v ccache) ]]; then
    compiler='ccache gcc'
    export CCACHE_DIR=${CCACHE_DIR:-$cache/ccache} CCACHE_DEPEND=1 CCACHE_MAXSIZE=${CCACHE_MAXSIZE:-4G}
    # What one cache has compiled serves another that is given the same CCACHE_DIR, wherever it lies.
    export CCACHE_BASEDIR=$cache CCACHE_NOHASHDIR=1
  fi
  # A constant build stamp: otherwise each run would relink the kernel for the sake of the time in it.
  quietly make -C "$tree" O="$output" -j"$jobs" CC="$compiler" LOCALVERSION= \
    KBUILD_BUILD_TIMESTAMP='1970-01-01' KBUILD_BUILD_USER=provfs KBUILD_BUILD_HOST=provfs "$@"
}

# logged WHAT COMMAND...: output goes to the log; a failure shows the part that matters.
logged() {
  local what=$1 log=$output/build.log
  shift
  if ! "$@" >"$log" 2>&1; then
    grep -nE 'error|Error|undefined|warning:' "$log" | sed -n 1,40p >&2 || true
    say "$what failed; all of it: $log"
    exit 1
  fi
  grep -E 'warning:' "$log" >&2 || true
}

series_fragment() {
  local symbol
  while IFS="=" read -r symbol _; do
    # A tree that is taken as it is may have part of the series, or none.
    if $as_is && ! grep -qsxE "(menu)?config ${symbol#CONFIG_}" "$tree/init/Kconfig" "$tree"/security/*/Kconfig; then continue; fi
    case $flavour:$symbol in
      *off:* | *-lsm:CONFIG_AGENT_NS*) echo "# $symbol is not set" ;;
      *) echo "$symbol=y" ;;
    esac
  done < <(grep '^CONFIG_' "$kconfig/series.config")
}

# Kconfig drops what it cannot grant without a word; a test kernel without a feature would test nothing.
require_granted() {
  local line refused=()
  while IFS= read -r line; do
    case $line in
      CONFIG_*=*) grep -qxF -- "$line" "$output/.config" || refused+=("$line") ;;
      '# CONFIG_'*' is not set') ! grep -q "^${line:2:-11}=" "$output/.config" || refused+=("$line") ;;
    esac
  done <"$1"
  ((${#refused[@]} == 0)) || die "Kconfig of $KVER did not grant what scripts/kconfig asks for:" "${refused[@]}"
}

configure_for_vm() {
  local fragment=$output/fragment.config version_fragment=$kconfig/vm-$KVER.config
  {
    case $flavour in
      small*) cat "$kconfig/small.config" ;;
      *) cat "$kconfig/vm.config" ;;
    esac
    [[ ! -f $version_fragment ]] || cat "$version_fragment"
    [[ ! -f $kconfig/$flavour.config || $flavour == small ]] || cat "$kconfig/$flavour.config"
    series_fragment
  } >"$fragment"
  logged configuring kernel_make -s KCONFIG_ALLCONFIG="$fragment" allnoconfig
  require_granted "$fragment"
}

configure_for_installing() {
  local base=$base_config lsm
  if [[ -z $base && $(command -v dpkg-deb) ]]; then base=$("$repository/scripts/kernel-sources" --config "$KVER"); fi
  if [[ -n $base ]]; then
    cp "$base" "$output/.config"
  elif [[ -r /boot/config-$(uname -r) ]]; then
    cp "/boot/config-$(uname -r)" "$output/.config"
  elif [[ -r /proc/config.gz ]]; then
    zcat /proc/config.gz >"$output/.config"
  else
    die "no configuration to start from" "name one: --config FILE"
  fi
  {
    echo 'CONFIG_LOCALVERSION="-provfs"'
    # A distribution's signing key is not ours to name; the build makes one.
    echo 'CONFIG_SYSTEM_TRUSTED_KEYS=""'
    # What one installs has no tests in it.
    grep -v '_KUNIT_TEST=' "$kconfig/series.config" | tee "$output/fragment.config"
  } >>"$output/.config"
  # A configuration that lists its security modules leaves out those that it does not know.
  lsm=$(sed -n 's/^CONFIG_LSM="\(.*\)"$/\1/p' "$output/.config")
  if grep -qx CONFIG_SECURITY_PROVFS=y "$kconfig/series.config" && [[ -n $lsm && ,$lsm, != *,provfs,* ]]; then
    echo "CONFIG_LSM=\"$lsm,provfs\"" >>"$output/.config"
  fi
  logged configuring kernel_make -s olddefconfig
  require_granted "$output/fragment.config"
}

build_for_vm() {
  local started=$SECONDS
  say "building $KVER $flavour (log: $output/build.log)"
  logged "the build of $KVER $flavour" kernel_make bzImage
  say "built $KVER $flavour in $((SECONDS - started)) s"
  printf '%s\n' "$output/arch/x86/boot/bzImage"
}

build_for_installing() {
  local started=$SECONDS destination=$cache/package/$KVER
  say "building $KVER to install (log: $output/build.log); with a distribution's configuration this takes hours"
  rm -rf "$destination"
  mkdir -p "$destination"
  if [[ $(command -v dpkg-deb) ]]; then
    need_packages debhelper rsync libssl-dev libdw-dev
    logged "the build of the packages" kernel_make bindeb-pkg
    find "$cache/build" -maxdepth 1 -name 'linux-*' -type f -exec mv -t "$destination" {} +
  else
    logged "the build of $KVER" kernel_make bzImage modules
    logged "the installation of the modules" kernel_make INSTALL_MOD_PATH="$destination" INSTALL_MOD_STRIP=1 modules_install
    cp "$output/arch/x86/boot/bzImage" "$destination/vmlinuz-$(<"$output/include/config/kernel.release")"
  fi
  say "built $KVER to install in $((SECONDS - started)) s"
  printf '%s\n' "$destination"
}

[[ $(uname -m) == x86_64 ]] || die "the series is built and tested on x86_64 only; this is $(uname -m)"
need_packages git xz-utils
need_commands git
# Only applying, and there is nothing to apply: no reason to wait for a build.
if [[ ${BUILD_KERNEL:-1} == 0 && -z ${KSRC:-} ]] && own_tree_is_current; then
  printf '%s\n' "$cache/tree-$KVER"
  exit
fi
if ! holds_build_lock && [[ ${BUILD_KERNEL:-1} != 0 || -z ${KSRC:-} ]]; then
  with_build_lock "$0" "${arguments[@]}"
  exit
fi
if $as_is; then
  tree=$KSRC
elif [[ -n ${KSRC:-} ]]; then
  tree=$(apply_to_given_tree)
else
  tree=$(apply_to_own_tree)
fi
if [[ ${BUILD_KERNEL:-1} == 0 ]]; then
  printf '%s\n' "$tree"
  exit
fi
need_packages gcc make flex bison bc libelf-dev ccache perl cpio kmod python3
need_commands gcc make flex bison bc perl python3
output=$(output_directory "$KVER" "$flavour")
mkdir -p "$output"
if $package; then configure_for_installing; else configure_for_vm; fi
if ((${#make_arguments[@]})); then
  kernel_make "${make_arguments[@]}"
elif $package; then
  build_for_installing
else
  build_for_vm
fi
