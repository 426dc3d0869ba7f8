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

/*
 * Later versions make some functions macros with arguments, which Swift cannot
 * call: these can be called with all.
 */
static inline struct fuse_session *provfs_session_new(struct fuse_args *arguments,
						      const struct fuse_lowlevel_ops *operations,
						      void *userdata)
{
	return fuse_session_new(arguments, operations, sizeof(*operations), userdata);
}

static inline int provfs_session_custom_io(struct fuse_session *session,
					   const struct fuse_custom_io *io, int device)
{
	return fuse_session_custom_io(session, io, device);
}

#endif
