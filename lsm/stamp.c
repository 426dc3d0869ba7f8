// SPDX-License-Identifier: GPL-2.0-only
/*
 * The attributes as they are on disk.
 */

#define pr_fmt(fmt) "provfs: " fmt

#include <linux/fs.h>
#include <linux/mnt_idmapping.h>
#include <linux/pagemap.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/xattr.h>

#include "provfs.h"

static_assert(sizeof(struct prov_stamp) == PROV_STAMP_SIZE);

#define LOG_SIZE_MAX	(PROV_LOG_MAX * PROV_STAMP_SIZE)

/**
 * provfs_time - the time for a stamp that is made now
 * @inode: for which file
 *
 * By the clock that files are dated by, which moves once a tick: on a machine
 * that is kept from its ticks, the exact time would be long after the ctime
 * that setting the stamp gives the file. Not before the change that the stamp
 * covers, either, whose ctime can be finer than a tick.
 *
 * Return: CLOCK_REALTIME in nanoseconds.
 */
u64 provfs_time(const struct inode *inode)
{
	struct timespec64 now, ctime = inode_get_ctime(inode);
	s64 ahead;

	ktime_get_coarse_real_ts64(&now);
	ahead = timespec64_to_ns(&ctime) - timespec64_to_ns(&now);
	/* Further ahead it is not finer: the clock was set back. */
	if (ahead > 0 && ahead < NSEC_PER_SEC)
		now = ctime;
	return timespec64_to_ns(&now);
}

/**
 * provfs_encode - make a stamp
 * @stamp: result
 * @writer: who wrote
 * @flags: PROV_FLAG_*
 * @time: CLOCK_REALTIME in nanoseconds
 * @inode: number of the inode that is stamped
 */
void provfs_encode(struct prov_stamp *stamp, const struct provfs_writer *writer,
		   u16 flags, u64 time, u64 inode)
{
	*stamp = (struct prov_stamp) {
		.version = PROV_STAMP_VERSION,
		.stamper = PROV_STAMPER_LSM,
		.flags = cpu_to_le16(flags),
		.pid = cpu_to_le32(writer->pid),
		.uid = cpu_to_le32(writer->uid),
		.time = cpu_to_le64(time),
		.inode = cpu_to_le64(inode),
	};
	memcpy(stamp->root, writer->root, sizeof(stamp->root));
	memcpy(stamp->session, writer->session, sizeof(stamp->session));
	memcpy(stamp->comm, writer->comm, sizeof(stamp->comm));
}

/* Of an id, the first bytes alone tell it from that of no session. */
static bool session_is_valid(const struct prov_stamp *stamp)
{
	const u8 *session = stamp->session;

	if (memchr_inv(session, 0, PROV_ROOT_SIZE))
		return true;
	return !memchr_inv(session, 0, sizeof(stamp->session)) &&
	       !memchr_inv(stamp->root, 0, sizeof(stamp->root));
}

static bool comm_is_padded(const struct prov_stamp *stamp)
{
	size_t length = strnlen(stamp->comm, sizeof(stamp->comm));

	return !memchr_inv(stamp->comm + length, 0,
			   sizeof(stamp->comm) - length);
}

/**
 * provfs_decode - read a stamp that was made here, elsewhere or by nobody
 * @writer: result
 * @stamp: what the attribute holds
 * @size: how much of that there is
 *
 * Return: false, and @writer is untouched, if that is no stamp.
 */
bool provfs_decode(struct provfs_writer *writer, const struct prov_stamp *stamp,
		   size_t size)
{
	if (size != sizeof(*stamp) || stamp->version != PROV_STAMP_VERSION)
		return false;
	if (stamp->stamper != PROV_STAMPER_LSM &&
	    stamp->stamper != PROV_STAMPER_PROVFS &&
	    stamp->stamper != PROV_STAMPER_DAEMON)
		return false;
	if (le16_to_cpu(stamp->flags) & ~PROV_FLAGS_ALL)
		return false;
	if (!session_is_valid(stamp) || !comm_is_padded(stamp))
		return false;

	writer->pid = le32_to_cpu(stamp->pid);
	writer->uid = le32_to_cpu(stamp->uid);
	memcpy(writer->root, stamp->root, sizeof(writer->root));
	memcpy(writer->session, stamp->session, sizeof(writer->session));
	memcpy(writer->comm, stamp->comm, sizeof(writer->comm));
	return true;
}

/**
 * provfs_log_push - put a stamp in front of a log
 * @log: room for PROV_LOG_MAX stamps, the newest first
 * @size: bytes of @log that are in use; a size that no log has starts anew
 * @stamp: is dropped if it is in front already: the power may have failed
 *	after the log was written and before the file was stamped again
 *
 * Return: bytes in use, the oldest stamp dropped where there is no room.
 */
size_t provfs_log_push(struct prov_stamp *log, size_t size,
		       const struct prov_stamp *stamp)
{
	struct prov_stamp closed = *stamp;

	/* Its writer's turn is over. */
	closed.flags &= ~cpu_to_le16(PROV_FLAG_OPEN);
	if (size > LOG_SIZE_MAX || size % PROV_STAMP_SIZE)
		size = 0;
	if (size && !memcmp(log, &closed, PROV_STAMP_SIZE))
		return size;
	size = min(size + PROV_STAMP_SIZE, LOG_SIZE_MAX);
	memmove(log + 1, log, size - PROV_STAMP_SIZE);
	*log = closed;
	return size;
}

static int write_log(struct dentry *dentry, const struct prov_stamp *earlier)
{
	struct prov_stamp *log __free(kfree) = kmalloc(LOG_SIZE_MAX, GFP_NOFS);
	ssize_t size;

	if (!log)
		return -ENOMEM;
	size = __vfs_getxattr(dentry, d_inode(dentry), PROV_XATTR_SECURITY_LOG,
			      log, LOG_SIZE_MAX);
	if (size == -ENODATA || size == -ERANGE)
		size = 0;
	if (size < 0)
		return size;
	size = provfs_log_push(log, size, earlier);
	return __vfs_setxattr_noperm(&nop_mnt_idmap, dentry,
				     PROV_XATTR_SECURITY_LOG, log, size, 0);
}

/* Whether an attribute is missing, or too long to be one of ours. */
bool provfs_has_none(ssize_t size)
{
	return size == -ENODATA || size == -ERANGE || size == -EOPNOTSUPP;
}

/* A stamp could not be written. */
void provfs_count_failure(const struct dentry *dentry, int error)
{
	switch (error) {
	case -ENOSPC:
	case -EDQUOT:
		provfs_count(PROVFS_FAILED_SPACE);
		break;
	case -ENOMEM:
		provfs_count(PROVFS_FAILED_MEMORY);
		break;
	case -EROFS:
		provfs_count(PROVFS_SKIPPED_READONLY);
		break;
	default:
		provfs_count(PROVFS_FAILED_OTHER);
		pr_warn_ratelimited("inode %llu on %s could not be stamped: error %d\n",
				    (u64)d_inode(dentry)->i_ino,
				    dentry->d_sb->s_id, error);
	}
}

/*
 * After a power failure, a stamp must not stand by content that only others
 * wrote, because it got to the disk and what it is about did not.
 */
static void write_content_first(struct inode *inode)
{
	/* Whoever syncs the file is told of errors, not we. */
	filemap_fdatawrite(inode->i_mapping);
	filemap_fdatawait_keep_errors(inode->i_mapping);
}

static int remove_stamp(struct dentry *dentry)
{
	int error;

	error = __vfs_removexattr(&nop_mnt_idmap, dentry, PROV_XATTR_SECURITY);
	if (!error)
		provfs_count(PROVFS_REMOVED);
	return error;
}

/**
 * provfs_write_stamp - stamp a file whose content was changed
 * @dentry: the file; its i_rwsem is held, and its superblock is kept from
 *	freezing
 * @writer: who changed it
 * @flags: PROV_FLAG_* as far as they follow from the change
 * @sole: the content is @writer's alone
 * @time: result: the stamp's time, or 0
 *
 * An earlier stamp of another writer goes to the log first: between the two
 * steps the power may fail. If the new stamp cannot be written, the earlier
 * one is removed: that nobody is known to have written the file is true. So it
 * is for a writer who is not known.
 *
 * Return: 0 if no stamp is on the file that is not true, @time being 0 if none
 * is; else what the filesystem answered, which allows no removal either.
 */
int provfs_write_stamp(struct dentry *dentry, const struct provfs_writer *writer,
		       u16 flags, bool sole, u64 *time)
{
	struct inode *inode = d_inode(dentry);
	struct prov_stamp stamp, earlier;
	struct provfs_writer earlier_writer;
	bool taken_over = true;
	ssize_t size;
	int error;
	u64 now;

	size = __vfs_getxattr(dentry, inode, PROV_XATTR_SECURITY, &earlier,
			      sizeof(earlier));
	/* Whom it names, if anybody, will be missing in the log. */
	if (size < 0 && !provfs_has_none(size))
		provfs_count(PROVFS_FAILED_LOG);
	if (size > 0 && provfs_decode(&earlier_writer, &earlier, size)) {
		if (!provfs_same_writer(&earlier_writer, writer)) {
			error = write_log(dentry, &earlier);
			provfs_count(error ? PROVFS_FAILED_LOG : PROVFS_LOGGED);
		} else if (le64_to_cpu(earlier.inode) == inode->i_ino) {
			flags |= le16_to_cpu(earlier.flags) & PROV_FLAG_CREATED;
			taken_over = false;
		}
	}
	if (taken_over && !sole)
		write_content_first(inode);

	*time = 0;
	if (provfs_is_unknown(writer))
		return size == -ENODATA ? 0 : remove_stamp(dentry);

	now = provfs_time(inode);
	provfs_encode(&stamp, writer, flags, now, inode->i_ino);
	error = __vfs_setxattr_noperm(&nop_mnt_idmap, dentry,
				      PROV_XATTR_SECURITY, &stamp,
				      sizeof(stamp), 0);
	if (!error) {
		provfs_count(PROVFS_STAMPED);
		*time = now;
		return 0;
	}
	if (error == -EOPNOTSUPP) {
		provfs_out_of_scope(inode->i_sb);
		provfs_count(PROVFS_SKIPPED_FILESYSTEM);
		return 0;
	}
	provfs_count_failure(dentry, error);
	if (size == -ENODATA)
		return 0;
	return error == -EROFS ? error : remove_stamp(dentry);
}

/**
 * provfs_finish_stamp - say of a stamp that it is final
 * @dentry: the file; its i_rwsem is held, and its superblock is kept from
 *	freezing
 * @writer: result: whom it names, if it is changed
 * @time: result: its new time, or 0
 *
 * The content is as it was when the stamp was made, and nobody has it open for
 * changes any more. Where that cannot be written, the stamp is no less true.
 */
void provfs_finish_stamp(struct dentry *dentry, struct provfs_writer *writer,
			 u64 *time)
{
	struct inode *inode = d_inode(dentry);
	struct prov_stamp stamp;
	ssize_t size;
	int error;
	u64 now;

	*time = 0;
	size = __vfs_getxattr(dentry, inode, PROV_XATTR_SECURITY, &stamp,
			      sizeof(stamp));
	if (size < 0 || !provfs_decode(writer, &stamp, size) ||
	    !(stamp.flags & cpu_to_le16(PROV_FLAG_OPEN)))
		return;
	now = provfs_time(inode);
	stamp.flags &= ~cpu_to_le16(PROV_FLAG_OPEN);
	stamp.time = cpu_to_le64(now);
	error = __vfs_setxattr_noperm(&nop_mnt_idmap, dentry,
				      PROV_XATTR_SECURITY, &stamp,
				      sizeof(stamp), 0);
	if (error) {
		provfs_count_failure(dentry, error);
		return;
	}
	provfs_count(PROVFS_STAMPED);
	*time = now;
}

static bool names(const struct prov_stamp *stamp, size_t size,
		  const struct provfs_writer *writer, u64 since)
{
	struct provfs_writer named;

	return provfs_decode(&named, stamp, size) &&
	       provfs_same_writer(&named, writer) &&
	       le64_to_cpu(stamp->time) >= since;
}

/**
 * provfs_find_record - whether a file's stamp or its log names a writer
 * @dentry: the file
 * @writer: whom
 * @since: the earliest time of a stamp that counts
 *
 * Return: whether it does, or that it may have done so.
 */
enum provfs_record provfs_find_record(struct dentry *dentry,
				      const struct provfs_writer *writer,
				      u64 since)
{
	struct prov_stamp *log __free(kfree) = kmalloc(LOG_SIZE_MAX, GFP_NOFS);
	struct inode *inode = d_inode(dentry);
	ssize_t size;
	int i;

	if (!log)
		return PROVFS_RECORD_LOST;
	size = __vfs_getxattr(dentry, inode, PROV_XATTR_SECURITY, log,
			      sizeof(*log));
	if (size > 0 && names(log, size, writer, since))
		return PROVFS_ON_RECORD;
	size = __vfs_getxattr(dentry, inode, PROV_XATTR_SECURITY_LOG, log,
			      LOG_SIZE_MAX);
	if (provfs_has_none(size))
		return PROVFS_NOT_ON_RECORD;
	if (size < 0)
		return PROVFS_RECORD_LOST;
	for (i = 0; i < size / PROV_STAMP_SIZE; i++)
		if (names(&log[i], PROV_STAMP_SIZE, writer, since))
			return PROVFS_ON_RECORD;
	/* The oldest may have been pushed out. */
	if (i == PROV_LOG_MAX && le64_to_cpu(log[i - 1].time) >= since)
		return PROVFS_RECORD_LOST;
	return PROVFS_NOT_ON_RECORD;
}
