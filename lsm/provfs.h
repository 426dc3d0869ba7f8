/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SECURITY_PROVFS_H
#define _SECURITY_PROVFS_H

#include <linux/fs.h>
#include <linux/list.h>
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
 * struct provfs_mark - what a file's content was last seen to be
 * @size: of the content
 * @mtime: moves with each change, and can be set
 */
struct provfs_mark {
	loff_t			size;
	struct timespec64	mtime;
};

/**
 * struct provfs_call - a call that writes
 * @pid: of the thread that makes it
 * @number: provfs_task.calls then
 */
struct provfs_call {
	struct pid	*pid;
	u64		number;
};

/**
 * struct provfs_candidate - who may change content through an open file
 * @list: in provfs_inode.candidates, until the file is released
 * @file: the open file
 * @writer: who passed the hook before a write, or mapped the file
 * @call: his last write; any time can pass between the hook and the write
 *	itself, as when splice(2) waits for data
 * @mapped: by stores to a mapping, at any time
 * @many: there was no room for all of his threads that write at once: one may
 *	be writing still
 * @could: he was writing at some time since the content was looked at last
 * @still: he may be writing now, which is @could of the next look
 * @blind: what he does cannot be seen
 * @accused: content moved while he could have done it
 * @contested: so could others, the last time
 */
struct provfs_candidate {
	struct list_head	list;
	struct file		*file;
	struct provfs_writer	writer;
	struct provfs_call	call;
	bool			mapped;
	bool			many;
	bool			could;
	bool			still;
	bool			blind;
	bool			accused;
	bool			contested;
};

/**
 * struct provfs_file - state of an open file
 * @first: room for one candidate; in use if its file is set
 * @changed: somebody was let through it
 */
struct provfs_file {
	struct provfs_candidate	first;
	bool			changed;
};

/* Who may have changed content besides provfs_inode.writer. */
struct provfs_suspect {
	struct provfs_suspect	*next;
	struct provfs_writer	writer;
};

/**
 * struct provfs_inode - an inode's account
 * @lock: protects what follows, and provfs_file of its open files; innermost
 * @count: of @candidates
 * @changed: content was changed, which no stamp says yet
 * @doubt: several writers may have been who changed it
 * @mapped: the change came through a shared mapping
 * @sole: the file was empty when @writer began: no content is anybody else's
 * @again: a stamp was made while the file was open for changes; the last of
 *	those who had it open makes another
 * @setting: somebody is setting times or size, under i_rwsem
 * @renew: times are being set, under i_rwsem: the stamp is to be renewed
 * @unreleased: of the size: no release of his follows that would stamp
 * @crowded: candidates had no room: nobody knows who else could write
 * @replaced: candidates made room whose write was over
 * @deferred: settling is left to a worker
 * @writer: a suspect, if @changed; else who is named by the stamp, if
 *	@stamped or @sole say so
 * @stamped: time of the stamp on disk if it is final and names @writer,
 *	else 0
 * @others: suspects besides @writer, as far as there was memory
 * @candidates: who may change content
 * @seen: the content when it was looked at last
 */
struct provfs_inode {
	spinlock_t		lock;	/* of all of this */
	u16			count;
	bool			changed : 1;
	bool			doubt : 1;
	bool			mapped : 1;
	bool			sole : 1;
	bool			again : 1;
	bool			setting : 1;
	bool			renew : 1;
	bool			unreleased : 1;
	bool			crowded : 1;
	bool			replaced : 1;
	bool			deferred : 1;
	struct provfs_writer	writer;
	u64			stamped;
	struct provfs_suspect	*others;
	struct list_head	candidates;
	struct provfs_mark	seen;
};

/* What a stamp is to say. */
struct provfs_due {
	struct provfs_writer	writer;
	struct provfs_suspect	*others;
	u16			flags;
	bool			doubt;
	bool			sole;
};

/**
 * struct provfs_superblock - what is known of a filesystem
 * @scope: enum provfs_scope; written without a lock, always from the same
 *	facts
 */
struct provfs_superblock {
	u8	scope;
};

/**
 * struct provfs_task - state of a thread
 * @stand_in: for whom it writes, or NULL
 * @calls: counts what it cannot do while it writes
 */
struct provfs_task {
	u64			calls;
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
	PROVFS_DROPPED,
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
	PROVFS_STAND_INS,
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

/* What the caller of provfs_settle() holds. */
enum provfs_settle_as {
	PROVFS_UNLOCKED,
	PROVFS_LOCKED,		/* write access to the mount, and i_rwsem */
};

/* account.c: who may have changed content, and who has */
void provfs_look(struct inode *inode);
void provfs_seen(struct inode *inode);
void provfs_add_suspect(struct provfs_inode *state,
			const struct provfs_writer *writer);
void provfs_clear_suspects(struct provfs_inode *state);
void provfs_admit(struct file *file, const struct provfs_writer *writer);
void provfs_admit_mapper(struct file *file, const struct provfs_writer *writer);
bool provfs_dismiss(struct file *file);
bool provfs_has_rivals(const struct provfs_inode *state,
		       const struct provfs_writer *writer);
void provfs_set_by(struct inode *inode, const struct provfs_writer *writer);
void provfs_forget_stores(struct provfs_inode *state, bool stored);

/* call.c: whether a write is over */
void provfs_call_begins(void);
void provfs_note_call(struct provfs_call *call);
void provfs_forget_call(struct provfs_call *call);
bool provfs_call_is_over(const struct provfs_call *call);

/* content.c: whether content has changed */
bool provfs_shows_writes(const struct file *file);
void provfs_ask_ctime(struct inode *inode);
void provfs_mark(struct inode *inode, struct provfs_mark *mark);
bool provfs_moved(const struct provfs_mark *now,
		  const struct provfs_mark *since);

/* count.c: how often what happened */
void provfs_count(enum provfs_count count);
unsigned long provfs_count_read(enum provfs_count count);

/* defer.c: stamps that a close cannot wait for */
int __init provfs_init_defer(void);
void provfs_settle_released(struct file *file);

/* event.c: a write, a change of size, creation */
void provfs_file_changes(struct file *file);
int provfs_file_maps(struct file *file);
void provfs_file_released(struct file *file);
void provfs_size_changes(struct dentry *dentry, const struct file *file);
void provfs_size_changed(struct dentry *dentry);
void provfs_times_change(struct dentry *dentry);
void provfs_times_changed(struct inode *inode);
bool provfs_inode_created(struct inode *inode, struct prov_stamp *stamp);
void provfs_stamp_restored(struct inode *inode);

/* protect.c: the attributes are nobody's to change, nor content unseen */
bool provfs_is_own_xattr(const char *name);
int provfs_set_xattr(struct dentry *dentry, const char *name, const void *value,
		     size_t size);
int provfs_remove_xattr(struct dentry *dentry, const char *name);
int provfs_refuse_ioctl(const struct file *file, unsigned int command);
bool provfs_restoring(void);
void provfs_end_restoring(void);

/* rename.c: what takes another's name takes its history */
unsigned int provfs_append_history(struct prov_stamp *stamps,
				   unsigned int count, unsigned int room,
				   const struct prov_stamp *replaced,
				   unsigned int length);
void provfs_replaced(struct dentry *heir, struct dentry *replaced);

/* renew.c: setting times is no change */
void provfs_before_times(struct dentry *dentry, const struct iattr *attr);
void provfs_renew(struct dentry *dentry);

/* scope.c: which filesystems are stamped */
bool provfs_in_scope(const struct super_block *sb);
bool provfs_is_stamped_file(const struct inode *inode);
void provfs_out_of_scope(const struct super_block *sb);

/* securityfs.c: what user space can read */
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
bool provfs_has_none(ssize_t size);
void provfs_count_failure(const struct dentry *dentry, int error);
int provfs_write_stamp(struct dentry *dentry, const struct provfs_due *due,
		       u64 *time);
void provfs_finish_stamp(struct dentry *dentry, struct provfs_writer *writer,
			 u64 *time);
/* settle.c: when what has changed is stamped */
void provfs_settle(struct dentry *dentry, enum provfs_settle_as as);
bool provfs_try_settle(struct dentry *dentry);
bool provfs_is_settled(struct inode *inode);

/* writer.c: who the current task is */
void provfs_current_writer(struct provfs_writer *writer);
bool provfs_same_writer(const struct provfs_writer *a,
			const struct provfs_writer *b);
bool provfs_is_unknown(const struct provfs_writer *writer);
bool provfs_identical(const struct provfs_writer *a,
		      const struct provfs_writer *b);

#endif /* _SECURITY_PROVFS_H */
