// SPDX-License-Identifier: Apache-2.0

enum Usage {
  static let text = """
    Usage: provstampd [-f]

    Watches every ext4, XFS and Btrfs filesystem of this machine, and notes on each file that is
    changed there by a member of a session it keeps which session and which process that was.
    Nothing is mounted. It is not finished: docs/provstampd.md says what is missing.

    It runs as root, in the foreground, until SIGTERM or SIGINT. Its programs stay in the kernel and
    go on noting; the next provstampd stamps. To detach them: rm -r /sys/fs/bpf/provstampd-1

    It needs Linux 5.15 or later with BPF, BTF and trampolines. Where the kernel refuses them, it
    says what failed and ends; `provfs` works there.

    Options:
      -f, --foreground   stay in the foreground; so it does without, too
      -h, --help         this text
      -V, --version      the version

    It does not start where the kernel was booted with provstampd=off, or where
    /etc/provstampd.off exists.

    Exit status: 0 ended by a signal; 2 trouble.
    """
}
