// SPDX-License-Identifier: GPL-2.0-only
/*
 * Notes who changes files. A note is kept for each open file from its first write
 * to its release, and then handed to the daemon, which sets the stamp.
 * docs/provstampd.md says what it is for.
 */
#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "records.h"

char program_license[] SEC("license") = "GPL";

/* The first arguments of a traced function are in these, its result follows them. */
typedef unsigned long long arguments;

#include "maps.h"
#include "inode.h"
#include "writer.h"
#include "note.h"
#include "content.h"
#include "creation.h"
#include "sessions.h"
