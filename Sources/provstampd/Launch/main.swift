// SPDX-License-Identifier: Apache-2.0
import Glibc

exit(Daemon.main(Array(CommandLine.arguments.dropFirst())))
