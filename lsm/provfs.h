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
 * struct provfs_mark - what a file's content was last seen to be, by its size
 *	and times
 * @size: of the content
 * @ctime: moves with each change, and with some that are none of content
 * @mtime: moves with each change, and can be set
 */
struct provfs_mark {
	loff_t			size;
	struct timespec64	ctime;
	struct timespec64	mtime;
};

/**
 * struct provfs_claim - somebody may change the content through an open file
 * @next: another one of the same open file
 * @writer: who passed the hook before a write, or mapped the file
 * @since: the content at that time. From then on until the file is released,
 *	a change can come: splice(2) passes the hook, waits for data as long
 *	as it takes, and writes
 * @time: the time of a stamp that would have been made then
 * @turn: provfs_inode.turn then
 * @mapped: by stores to a mapping, of which nothing tells
 */
struct provfs_claim {
	struct provfs_claim	*next;
	struct provfs_writer	writer;
	struct provfs_mark	since;
	u64			time;
	u64			turn;
	bool			mapped;
};

/**
 * struct provfs_file - state of an open file
 * @first: the claim of a writer; in use if @changed is set. Those after it are
 *	freed when the last reference to the file goes, mappings included
 * @changed: it is counted in provfs_inode.writers
 * @shared: it had claims of writers who are on record, which are gone
 * @crowded: there were more claims than are kept: nobody knows who writes
 */
struct provfs_file {
	struct provfs_claim	first;
	bool			changed;
	bool			shared;
	bool			crowded;
};

/**
 * struct provfs_inode - state of a regular file's inode
 * @lock: protects what follows, and provfs_file of its open files; innermost
 * @writers: open files through which content was changed
 * @claims: the same, and those of which it is being found out what they did
 * @pending: @writer changed the content, and no stamp says so yet
 * @kept: no claim of an open file stands for that change: it must not be
 *	forgotten
 * @certain: the change needs no proof by @since
 * @mapped: the change came through a shared mapping
 * @sole: the file was empty when @writer began: no content is anybody else's
 * @again: a stamp was made while the file was open for changes; the last of
 *	those who had it open makes another
 * @owed: no stamp names @writer since he began
 * @renew: times are being set, under i_rwsem: the stamp is to be renewed
 * @stray: content was changed after @since and before somebody set the mtime
 * @writer: who changed the content last; meaningful while @pending, @again
 *	or @stamped say so
 * @stamped: time of the stamp on disk if it is final and names @writer,
 *	else 0
 * @since: the content before the pending change, or, after a stamp that was
 *	made while the file was open, as it covers it
 * @turn: counts changes of hands, from 1
 * @unrecorded: the last turn that ended without a stamp. Claims of later ones
 *	are of writers who are on record
 * @void_turn: the turn in which a stamp was restored: earlier claims do not count
 */
struct provfs_inode {
	spinlock_t		lock;	/* of all of this */
	u32			writers;
	u32			claims;
	bool			pending;
	bool			kept;
	bool			certain;
	bool			mapped;
	bool			sole;
	bool			again;
	bool			owed;
	bool			renew;
	bool			stray;
	struct provfs_writer	writer;
	u64			stamped;
	struct provfs_mark	since;
	u64			turn;
	u64			unrecorded;
	u64			void_turn;
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

/* How the caller of provfs_note_change() comes, and what it holds. */
enum provfs_settle_as {
	PROVFS_UNLOCKED,
	PROVFS_LOCKED,		/* write access to the mount, and i_rwsem */
};

/* Whether a stamp or the log names somebody. */
enum provfs_record {
	PROVFS_ON_RECORD,
	PROVFS_NOT_ON_RECORD,
	PROVFS_RECORD_LOST,	/* the log was too short, or cannot be read */
};

/* change.c: what has changed, by whom, and when that is to be stamped */
void provfs_note_change(struct dentry *dentry, struct file *file,
			const struct provfs_writer *writer, bool mapped,
			enum provfs_settle_as as);
void provfs_note_now(struct dentry *dentry, const struct provfs_writer *writer,
		     bool mapped, enum provfs_settle_as as);
void provfs_settle(struct dentry *dentry, enum provfs_settle_as as);
void provfs_settle_replaced(struct dentry *dentry);
bool provfs_is_settled(struct inode *inode);
void provfs_forget_change(struct provfs_inode *state);
void provfs_stamp_restored(struct inode *inode);

/* claim.c: who may yet change content through an open file */
bool provfs_is_recorded(const struct provfs_inode *state,
			const struct provfs_claim *claim);
void provfs_claim(struct file *file, const struct provfs_writer *writer,
		  const struct provfs_mark *now);
int provfs_file_maps(struct file *file);

/* content.c: whether content has changed */
bool provfs_ctime_is_proof(const struct inode *inode);
void provfs_mark(struct inode *inode, struct provfs_mark *mark);
bool provfs_moved(const struct inode *inode, const struct provfs_mark *since);
bool provfs_content_moved(const struct inode *inode,
			  const struct provfs_mark *since);
void provfs_times_change(struct inode *inode);
void provfs_times_changed(struct inode *inode);

/* count.c: how often what happened */
void provfs_count(enum provfs_count count);
unsigned long provfs_count_read(enum provfs_count count);

/* event.c: a write, a change of size, creation */
void provfs_file_changes(struct file *file);
void provfs_size_changes(struct dentry *dentry, struct file *file);
void provfs_size_changed(struct dentry *dentry, bool by_path);
bool provfs_inode_created(struct inode *inode, struct prov_stamp *stamp);

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

/* resolve.c: what those did who might have */
void provfs_resolve_earlier(struct file *file,
			    const struct provfs_writer *writer,
			    enum provfs_settle_as as);
void provfs_file_released(struct file *file);

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
int provfs_write_stamp(struct dentry *dentry,
		       const struct provfs_writer *writer, u16 flags,
		       bool sole, u64 *time);
void provfs_finish_stamp(struct dentry *dentry, struct provfs_writer *writer,
			 u64 *time);
enum provfs_record provfs_find_record(struct dentry *dentry,
				      const struct provfs_writer *writer,
				      u64 since);

/* writer.c: who the current task is */
void provfs_current_writer(struct provfs_writer *writer);
bool provfs_same_writer(const struct provfs_writer *a,
			const struct provfs_writer *b);
bool provfs_is_unknown(const struct provfs_writer *writer);
bool provfs_identical(const struct provfs_writer *a,
		      const struct provfs_writer *b);

#endif /* _SECURITY_PROVFS_H */
