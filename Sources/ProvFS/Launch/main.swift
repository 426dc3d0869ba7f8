// SPDX-License-Identifier: Apache-2.0
import Glibc

exit(Daemon.main(CommandLine.unsafeArgv, count: Int(CommandLine.argc)))
