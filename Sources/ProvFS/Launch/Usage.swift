// SPDX-License-Identifier: Apache-2.0

enum Usage {
  static let text = """
    Usage: provfs SOURCE MOUNTPOINT [-f] [-d] [-o OPTION[,OPTION...]]

    Shows the directory SOURCE at MOUNTPOINT, and notes on every file that is changed there which
    agent session, or else which process, changed it. Ask with `provstamp who FILE`, in the view or
    in SOURCE. Both may be the same directory: then whoever opens it from then on gets the view.

      provfs ~/work ~/view              work in ~/view; ~/work holds the files
      provfs ~/work ~/work              work in ~/work as before
      provstamp who ~/view/main.c       who wrote it
      fusermount3 -u ~/view             end it (root: umount); nothing is lost

    As root it serves all users, each with their own rights, and keeps the stamps in
    security.prov, which only root can forge. As another user it serves that user, and keeps them
    in user.prov, which the owner of a file can forge.

    Options:
      -f, --foreground          stay in the foreground; SIGINT or SIGTERM ends it
      -d, --debug               print every request; implies -f
      -s                        serve one request at a time
      -h, --help                this text
      -V, --version             the version

    Options after -o:
      entry_timeout=SECONDS     how long the kernel may use a name without asking (1)
      attr_timeout=SECONDS      how long it may use attributes without asking (1)
      negative_timeout=SECONDS  how long it may take a missing name for missing (0)
      passthrough=auto|on|off   let the kernel read and write files without asking provfs: where it
                                can (auto), else fail (on), or never (off); root, Linux 6.13
      ring=auto|on|off          take requests over io_uring, which is faster: where the kernel offers
                                it (auto), else have it offered or fail (on), or never (off);
                                Linux 6.14, and Y in /sys/module/fuse/parameters/enable_uring
      attribution=exact         have each write(2) come to provfs even so, for those who hand open
                                files from one session to another; slower writes
      one_file_system           do not enter what is mounted inside SOURCE
      max_threads=NUMBER        most requests that are served at a time (64); with a ring, of each
                                processor
      allow_other               serve other users too; set for root, who can refuse with
                                noallow_other; others need user_allow_other in /etc/fuse.conf
      allow_root                serve root, too, who cannot enter another user's view otherwise; needs
                                the same
      ro, noexec, nosuid, nodev, sync, ... as mount(8) has them; root's default is
                                what holds for SOURCE

    In /etc/fstab:
      /srv/work  /srv/view  fuse.provfs  defaults,noauto  0  0

    Exit status: 0 mounted (or, with -f, unmounted again); 2 trouble.
    """
}
