/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libfuse3's low-level API as Swift sees it: that of 3.14, which Debian 12
 * ships, and nothing newer. What the kernel has learned since is laid out here.
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

/* What answers FUSE_OPEN: struct fuse_open_out as Linux 6.9 has extended it. */
struct provfs_open_reply {
	uint64_t fh;
	uint32_t open_flags;
	int32_t backing_id;
};

/* What answers FUSE_CREATE and FUSE_TMPFILE. */
struct provfs_create_reply {
	struct fuse_entry_out entry;
	struct provfs_open_reply open;
};

/* struct fuse_init_out: max_stack_depth follows flags2 since Linux 6.9. */
static inline void provfs_set_stack_depth(struct fuse_init_out *reply, uint32_t depth)
{
	__builtin_memcpy(&reply->flags2 + 1, &depth, sizeof(depth));
}

#endif
