/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Swift's Glibc module lacks: system calls without a wrapper there, and
 * constants behind _GNU_SOURCE. Each function makes one system call (or the
 * older one with the same effect, where the kernel lacks it) and returns its
 * result, or -errno: errno itself cannot be trusted after a call from Swift,
 * because releasing an object may change it.
 *
 * _GNU_SOURCE is defined in the .c files only: in a header that Swift imports it
 * changes types that the Glibc module has already defined.
 */
#ifndef CPROVENANCE_H
#define CPROVENANCE_H

#include "../../../include/uapi/linux/provfs.h"
#include "provenance_agent.h"
#include "provenance_backing.h"
#include "provenance_content.h"
#include "provenance_credentials.h"
#include "provenance_directory.h"
#include "provenance_file.h"
#include "provenance_handle.h"
#include "provenance_lsm.h"
#include "provenance_process.h"
#include "provenance_processor.h"
#include "provenance_program.h"
#include "provenance_registry.h"
#include "provenance_socket.h"
#include "provenance_stat.h"
#include "provenance_task.h"
#include "provenance_xattr.h"

#endif
