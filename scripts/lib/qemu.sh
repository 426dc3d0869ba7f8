# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# QEMU for the kernel's tests. Sourced after kernel.sh.

# QEMU up to 8.0 translates code while another emulated processor patches it: the kernel, which patches its own (static
# keys, tracepoints), then meets a breakpoint that is gone, and dies with "Oops: int3". Mended in QEMU 8.1 ("accel/tcg:
# Always lock pages before translation").
first_sound_qemu=8.1

qemu_is_sound() {
  local version
  version=$(qemu-system-x86_64 --version 2>/dev/null | sed -n 's/^QEMU emulator version \([0-9.]*\).*/\1/p')
  [[ -n $version && $(printf '%s\n' "$first_sound_qemu" "$version" | sort -V | sed -n 1p) == "$first_sound_qemu" ]]
}

# Debian 12 has QEMU 7.2, and a later one among its backports. The system's sources are left as they are.
install_qemu_from_backports() {
  local own=$cache/apt-backports keyring=/usr/share/keyrings/debian-archive-keyring.gpg options
  ((EUID == 0)) && [[ -f $keyring ]] && grep -qs '^VERSION_CODENAME=bookworm$' /etc/os-release || return 1
  mkdir -p "$own"/{sources,lists/partial,archives/partial}
  find /etc/apt -maxdepth 2 \( -name '*.list' -o -name '*.sources' \) -exec cp -t "$own/sources" {} +
  echo "deb [signed-by=$keyring] ${PROVFS_MIRROR:-http://deb.debian.org/debian} bookworm-backports main" >"$own/sources/backports.list"
  options=(
    -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$own/sources" -o "Dir::State::lists=$own/lists"
    -o "Dir::Cache=$own" -o Dir::Cache::archives=archives -o APT::Sandbox::User=
  )
  say "installing QEMU from bookworm-backports: Debian 12's own, 7.2, now and then breaks a kernel that patches its code"
  apt-get "${options[@]}" -qq update &&
    DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}" -qq install -y --no-install-recommends \
      -t bookworm-backports qemu-system-x86 >/dev/null
}

# Any QEMU will do in the end: multiprocessor_options has a way around an old one.
need_qemu() {
  if [[ ! $(command -v dpkg-query) ]]; then
    need_commands qemu-system-x86_64
  elif ! qemu_is_sound && ! install_qemu_from_backports; then
    need_packages qemu-system-x86
  fi
}

# multiprocessor_options: what an emulated machine with several processors needs, an option a line.
multiprocessor_options() {
  qemu_is_sound && return
  say "QEMU is older than $first_sound_qemu: its processors take turns, which is slower"
  printf '%s\n' -accel tcg,thread=single
}
