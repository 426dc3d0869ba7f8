/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libfuse3's low-level API as Swift sees it. Debian 12 ships 3.14; what is
 * newer is used only where the headers on the building machine have it.
 */
#ifndef PROVFS_CFUSE_SHIM_H
#define PROVFS_CFUSE_SHIM_H

#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>
#include <linux/fuse.h>

#endif
