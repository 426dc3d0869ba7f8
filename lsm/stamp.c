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

/* Takes the entries of a stamp's writer for the same inode out of a log. */
static size_t drop_writer(struct prov_stamp *log, size_t size,
			  const struct prov_stamp *stamp)
{
	struct provfs_writer writer, logged;
	size_t i, kept = 0;

	provfs_decode(&writer, stamp, sizeof(*stamp));
	for (i = 0; i < size / PROV_STAMP_SIZE; i++)
		if (log[i].inode != stamp->inode ||
		    !provfs_decode(&logged, &log[i], PROV_STAMP_SIZE) ||
		    !provfs_same_writer(&logged, &writer))
			log[kept++] = log[i];
	return kept * PROV_STAMP_SIZE;
}

static int write_log(struct dentry *dentry, const struct prov_stamp *earlier,
		     bool once)
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
	if (once)
		size = drop_writer(log, size, earlier);
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

/*
 * Who may have changed content goes to the log, with the time at which that
 * came to be known: not again and again, if it is so time and again.
 */
static void log_suspect(struct dentry *dentry,
			const struct provfs_writer *writer)
{
	struct inode *inode = d_inode(dentry);
	struct prov_stamp stamp;

	if (provfs_is_unknown(writer))
		return;
	provfs_encode(&stamp, writer, 0, provfs_time(inode), inode->i_ino);
	provfs_count(write_log(dentry, &stamp, true) ? PROVFS_FAILED_LOG :
						       PROVFS_LOGGED);
}

static void log_suspects(struct dentry *dentry, const struct provfs_due *due)
{
	const struct provfs_suspect *other;

	log_suspect(dentry, &due->writer);
	for (other = due->others; other; other = other->next)
		log_suspect(dentry, &other->writer);
}

static int remove_stamp(struct dentry *dentry)
{
	int error;

	error = __vfs_removexattr(&nop_mnt_idmap, dentry, PROV_XATTR_SECURITY);
	if (!error)
		provfs_count(PROVFS_REMOVED);
	return error;
}

/* What is on the file before it is stamped. */
struct earlier {
	struct prov_stamp	stamp;
	ssize_t			size;
	struct provfs_writer	writer;
	bool			named;
};

static void read_earlier(struct dentry *dentry, struct earlier *earlier)
{
	earlier->size = __vfs_getxattr(dentry, d_inode(dentry),
				       PROV_XATTR_SECURITY, &earlier->stamp,
				       sizeof(earlier->stamp));
	/* Whom it names, if anybody, will be missing in the log. */
	if (earlier->size < 0 && !provfs_has_none(earlier->size))
		provfs_count(PROVFS_FAILED_LOG);
	earlier->named = earlier->size > 0 &&
			 provfs_decode(&earlier->writer, &earlier->stamp,
				       earlier->size);
}

static void log_earlier(struct dentry *dentry, const struct earlier *earlier)
{
	provfs_count(write_log(dentry, &earlier->stamp, false) ?
		     PROVFS_FAILED_LOG : PROVFS_LOGGED);
}

/* Who changed it is not known, or not for certain. */
static int write_unknown(struct dentry *dentry, const struct earlier *earlier,
			 const struct provfs_due *due)
{
	if (earlier->named)
		log_earlier(dentry, earlier);
	if (due->doubt)
		log_suspects(dentry, due);
	return earlier->size == -ENODATA ? 0 : remove_stamp(dentry);
}

static int set_stamp(struct dentry *dentry, const struct earlier *earlier,
		     const struct provfs_due *due, u16 flags, u64 *time)
{
	struct inode *inode = d_inode(dentry);
	struct prov_stamp stamp;
	u64 now = provfs_time(inode);
	int error;

	provfs_encode(&stamp, &due->writer, flags, now, inode->i_ino);
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
	if (earlier->size == -ENODATA)
		return 0;
	return error == -EROFS ? error : remove_stamp(dentry);
}

/**
 * provfs_write_stamp - stamp a file whose content was changed
 * @dentry: the file; its i_rwsem is held, and its superblock is kept from
 *	freezing
 * @due: what the stamp is to say
 * @time: result: the stamp's time, or 0
 *
 * An earlier stamp of another writer goes to the log first: between the two
 * steps the power may fail. If the new stamp cannot be written, the earlier
 * one is removed: that nobody is known to have written the file is true. So it
 * is for a writer who is not known, and where several may have been it.
 *
 * Return: 0 if no stamp is on the file that is not true, @time being 0 if none
 * is; else what the filesystem answered, which allows no removal either.
 */
int provfs_write_stamp(struct dentry *dentry, const struct provfs_due *due,
		       u64 *time)
{
	struct inode *inode = d_inode(dentry);
	struct earlier earlier;
	u16 flags = due->flags;

	*time = 0;
	read_earlier(dentry, &earlier);
	if (due->doubt || provfs_is_unknown(&due->writer))
		return write_unknown(dentry, &earlier, due);
	if (earlier.named && provfs_same_writer(&earlier.writer, &due->writer) &&
	    le64_to_cpu(earlier.stamp.inode) == inode->i_ino) {
		flags |= le16_to_cpu(earlier.stamp.flags) & PROV_FLAG_CREATED;
	} else {
		if (earlier.named &&
		    !provfs_same_writer(&earlier.writer, &due->writer))
			log_earlier(dentry, &earlier);
		if (!due->sole)
			write_content_first(inode);
	}
	return set_stamp(dentry, &earlier, due, flags, time);
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
