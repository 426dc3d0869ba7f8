/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SECURITY_PROVFS_H
#define _SECURITY_PROVFS_H

#include <linux/fs.h>
#include <linux/lsm_hooks.h>
#include <linux/spinlock.h>
#include <uapi/linux/provfs.h>

struct lsm_ctx;

/**
 * struct provfs_writer - who changed a file
 * @session: the agent session; zero outside any
 * @root: first bytes of the outermost session that @session is nested in
 * @pid: thread-group id in the initial pid namespace; 0 if it is not known who
 *	writes, which only a stand-in can say
 * @uid: fsuid in the initial user namespace
 * @comm: name of the thread group's leader, as /proc/PID/comm shows it;
 *	zero-padded
 *
 * Without padding: two writers are identical when their bytes are.
 */
struct provfs_writer {
	u8	session[PROV_SESSION_SIZE];
	u8	root[PROV_ROOT_SIZE];
	u32	pid;
	u32	uid;
	u8	comm[PROV_COMM_SIZE];
};

/**
 * struct provfs_mapping - a shared mapping through which stores may come
 * @writer: who mapped the file
 * @ctime: the file's ctime at that time
 */
struct provfs_mapping {
	struct provfs_writer	writer;
	struct timespec64	ctime;
};

/**
 * struct provfs_file - state of an open file
 * @mapping: set once it is mapped shared and may be stored to; freed when the
 *	last reference to the file goes, which includes its mappings
 * @changed: it is counted in provfs_inode.writers
 */
struct provfs_file {
	struct provfs_mapping	*mapping;
	bool			changed;
};

/**
 * struct provfs_inode - state of a regular file's inode
 * @lock: protects what follows, and provfs_file of its open files; innermost
 * @writers: open files through which content was changed
 * @pending: @writer changed the content, and no stamp says so yet
 * @certain: the change needs no proof by @size and @ctime
 * @mapped: the change came through a shared mapping
 * @sole: the file was empty when @writer began: no content is anybody else's
 * @again: a stamp was made while @writers was not zero; the last of them
 *	makes another if the content changed since
 * @writer: who changed the content last; meaningful while @pending, @again
 *	or @stamped say so
 * @stamped: time of the stamp on disk if it is final and names @writer,
 *	else 0
 * @size: the file's size before the pending change
 * @ctime: the file's ctime before the pending change
 */
struct provfs_inode {
	spinlock_t		lock;	/* of all of this */
	u32			writers;
	bool			pending;
	bool			certain;
	bool			mapped;
	bool			sole;
	bool			again;
	struct provfs_writer	writer;
	u64			stamped;
	loff_t			size;
	struct timespec64	ctime;
};

/**
 * struct provfs_superblock - what is known of a filesystem
 * @scope: enum provfs_scope; written without a lock, always from the same
 *	facts
 */
struct provfs_superblock {
	u8	scope;
};

struct provfs_task {
	struct provfs_writer	*stand_in;
};

enum provfs_count {
	PROVFS_CREATED,
	PROVFS_STAMPED,
	PROVFS_LOGGED,
	PROVFS_CURRENT,
	PROVFS_UNCHANGED,
	PROVFS_REMOVED,
	PROVFS_REFUSED,
	PROVFS_RESTORED,
	PROVFS_SKIPPED_FILESYSTEM,
	PROVFS_SKIPPED_UNLINKED,
	PROVFS_SKIPPED_FROZEN,
	PROVFS_SKIPPED_READONLY,
	PROVFS_SKIPPED_IMMUTABLE,
	PROVFS_FAILED_SPACE,
	PROVFS_FAILED_MEMORY,
	PROVFS_FAILED_OTHER,
	PROVFS_FAILED_LOG,
	PROVFS_NR_COUNTS,
};

extern struct lsm_blob_sizes provfs_blob_sizes;

static inline struct provfs_file *provfs_file(const struct file *file)
{
	return file->f_security + provfs_blob_sizes.lbs_file;
}

static inline struct provfs_inode *provfs_inode(const struct inode *inode)
{
	return inode->i_security + provfs_blob_sizes.lbs_inode;
}

static inline struct provfs_superblock *
provfs_superblock(const struct super_block *sb)
{
	return sb->s_security + provfs_blob_sizes.lbs_superblock;
}

static inline struct provfs_task *provfs_task(const struct task_struct *task)
{
	return task->security + provfs_blob_sizes.lbs_task;
}

/* change.c: what has changed, by whom, and when that is to be stamped */
void provfs_file_changes(struct file *file);
int provfs_file_maps(struct file *file, bool mmap_locked);
void provfs_file_released(struct file *file);
void provfs_size_changes(struct dentry *dentry, struct file *file);
void provfs_size_changed(struct dentry *dentry, bool by_path);
bool provfs_inode_created(struct inode *inode, struct prov_stamp *stamp);
void provfs_stamp_restored(struct inode *inode);

/* protect.c: the attributes are nobody's to change, nor content unseen */
bool provfs_is_own_xattr(const char *name);
int provfs_refuse_xattr(struct dentry *dentry, const char *name);
int provfs_refuse_ioctl(const struct file *file, unsigned int command);
bool provfs_restoring(void);
void provfs_end_restoring(void);

/* scope.c: which filesystems are stamped */
bool provfs_in_scope(const struct super_block *sb);
void provfs_out_of_scope(const struct super_block *sb);

/* securityfs.c: what user space can read */
void provfs_count(enum provfs_count count);
int __init provfs_init_securityfs(void);

/* selfattr.c: a privileged thread writes for others */
int provfs_getselfattr(unsigned int attr, struct lsm_ctx __user *context,
		       u32 *size, u32 flags);
int provfs_setselfattr(unsigned int attr, struct lsm_ctx *context, u32 size,
		       u32 flags);
void provfs_forget_stand_in(struct task_struct *task);

/* stamp.c: the attributes as they are on disk */
u64 provfs_time(const struct inode *inode);
void provfs_encode(struct prov_stamp *stamp, const struct provfs_writer *writer,
		   u16 flags, u64 time, u64 inode);
bool provfs_decode(struct provfs_writer *writer, const struct prov_stamp *stamp,
		   size_t size);
size_t provfs_log_push(struct prov_stamp *log, size_t size,
		       const struct prov_stamp *stamp);
int provfs_write_stamp(struct dentry *dentry,
		       const struct provfs_writer *writer, u16 flags,
		       bool sole, u64 *time);

/* writer.c: who the current task is */
void provfs_current_writer(struct provfs_writer *writer);
bool provfs_same_writer(const struct provfs_writer *a,
			const struct provfs_writer *b);
bool provfs_is_unknown(const struct provfs_writer *writer);
bool provfs_identical(const struct provfs_writer *a,
		      const struct provfs_writer *b);

#endif /* _SECURITY_PROVFS_H */
