/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of the kernel as the module's sources need that are compiled into
 * the model. Each of the kernel's headers that they include is this one.
 *
 * A task is a coroutine: where the kernel could let another one run, it may be
 * paused (world.h). So every interleaving can be had, and had again.
 */
#ifndef MODEL_KERNEL_H
#define MODEL_KERNEL_H

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>

typedef uint8_t u8, __u8;
typedef uint16_t u16, __u16, __le16;
typedef uint32_t u32, __u32, __le32;
typedef uint64_t u64, __u64, __le64;
typedef int64_t s64;

#define cpu_to_le16(x)	htole16(x)
#define cpu_to_le32(x)	htole32(x)
#define cpu_to_le64(x)	htole64(x)
#define le16_to_cpu(x)	le16toh(x)
#define le32_to_cpu(x)	le32toh(x)
#define le64_to_cpu(x)	le64toh(x)

#define NSEC_PER_MSEC	1000000L
#define NSEC_PER_SEC	1000000000L
#define READ_ONCE(x)	(x)
#define WRITE_ONCE(x, v) ((x) = (v))
#define data_race(x)	(x)
#define likely(x)	(x)
#define unlikely(x)	(x)
#define __init
#define __user
#define __ro_after_init
#define min(a, b)	((a) < (b) ? (a) : (b))
#define max(a, b)	((a) > (b) ? (a) : (b))
#define container_of(pointer, type, member)				\
	((type *)((char *)(pointer) - offsetof(type, member)))
#define pr_warn_ratelimited(...) do { } while (0)
#define lockdep_assert_held(lock) assert((lock)->held)

/* linux/cleanup.h */
#define __cleanup(function) __attribute__((cleanup(function)))
#define __free(function) __cleanup(free_by_##function)

static inline void free_by_kfree(void *pointer)
{
	free(*(void **)pointer);
}

/* linux/spinlock.h */
typedef struct { bool held; } spinlock_t;

void model_may_pause(void);

static inline void spin_lock_init(spinlock_t *lock)
{
	lock->held = false;
}

static inline spinlock_t *spin_lock(spinlock_t *lock)
{
	assert(!lock->held);
	lock->held = true;
	return lock;
}

static inline void spin_unlock(spinlock_t *lock)
{
	lock->held = false;
	model_may_pause();
}

static inline void end_guard(spinlock_t **lock)
{
	spin_unlock(*lock);
}

static inline void end_no_guard(int *guard)
{
	(void)guard;
}

#define __UNIQUE(prefix, line)	prefix##line
#define __NAMED(prefix, line)	__UNIQUE(prefix, line)
#define guard_spinlock(lock)	spinlock_t *__NAMED(guard_, __LINE__)	\
				__cleanup(end_guard) = spin_lock(lock)
#define guard_rcu(none)		int __NAMED(guard_, __LINE__)		\
				__cleanup(end_no_guard) = 0
#define guard(kind)		guard_##kind
#define scoped_guard(kind, lock)					\
	for (spinlock_t *scope __cleanup(end_guard) = spin_lock(lock),	\
	     *once = scope; once; once = NULL)

/* linux/list.h */
struct list_head {
	struct list_head *next, *prev;
};

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	list->next = list->prev = list;
}

static inline void list_add_tail(struct list_head *entry, struct list_head *list)
{
	entry->prev = list->prev;
	entry->next = list;
	list->prev->next = entry;
	list->prev = entry;
}

static inline void list_del(struct list_head *entry)
{
	entry->prev->next = entry->next;
	entry->next->prev = entry->prev;
}

static inline bool list_empty(const struct list_head *list)
{
	return list->next == list;
}

static inline bool list_is_singular(const struct list_head *list)
{
	return !list_empty(list) && list->next == list->prev;
}

#define list_first_entry(list, type, member)				\
	container_of((list)->next, type, member)
#define list_for_each_entry(entry, list, member)			\
	for (entry = container_of((list)->next, typeof(*entry), member);	\
	     &entry->member != (list);					\
	     entry = container_of(entry->member.next, typeof(*entry), member))
#define list_for_each_entry_safe(entry, after, list, member)		\
	for (entry = container_of((list)->next, typeof(*entry), member),	\
	     after = container_of(entry->member.next, typeof(*entry), member); \
	     &entry->member != (list);					\
	     entry = after,						\
	     after = container_of(after->member.next, typeof(*entry), member))

/* linux/slab.h */
#define GFP_KERNEL	0
#define GFP_NOFS	0
#define GFP_ATOMIC	0
#define GFP_NOWAIT	0
#define __GFP_NOWARN	0

void *model_allocate(size_t size);

#define kmalloc(size, flags)	model_allocate(size)
#define kmalloc_obj(object, ...) ((typeof(object) *)model_allocate(sizeof(object)))
#define kzalloc_obj(object, ...) kmalloc_obj(object)
#define kfree(pointer)		free(pointer)

/* linux/string.h */
static inline void *memchr_inv(const void *start, int c, size_t size)
{
	const u8 *byte = start;

	for (; size; size--, byte++)
		if (*byte != c)
			return (void *)byte;
	return NULL;
}

/* linux/time64.h, linux/timekeeping.h */
struct timespec64 {
	s64	tv_sec;
	long	tv_nsec;
};

static inline bool timespec64_equal(const struct timespec64 *a,
				    const struct timespec64 *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static inline s64 timespec64_to_ns(const struct timespec64 *time)
{
	return time->tv_sec * NSEC_PER_SEC + time->tv_nsec;
}

void ktime_get_coarse_real_ts64(struct timespec64 *now);

/* linux/fs.h */
struct address_space {
	u32	writably_mapped;
	bool	shmem;
};

struct super_block {
	void	*s_security;
	u32	s_time_gran;
	char	s_id[8];
	bool	frozen;
};

struct inode {
	mode_t			i_mode;
	u64			i_ino;
	u32			i_nlink;
	loff_t			size;
	struct timespec64	ctime, mtime;
	bool			queried;	/* ctime, since it moved last */
	bool			mgtime, linkable;
	struct super_block	*i_sb;
	struct address_space	*i_mapping, mapping;
	void			*i_security;
	bool			locked;
};

struct dentry {
	struct inode		*d_inode;
	struct super_block	*d_sb;
};

struct file {
	u32		f_mode;
	void		*f_security;
	struct dentry	*dentry;
};

struct iattr;
struct kstat {
	struct timespec64	ctime;
};

#define FMODE_WRITE	2
#define FMODE_NOCMTIME	0x800
#define STATX_CTIME	0x80
#define IS_NOCMTIME(inode)	((void)(inode), false)
#define IS_RDONLY(inode)	((void)(inode), false)
#define IS_IMMUTABLE(inode)	((void)(inode), false)

static inline struct inode *file_inode(const struct file *file)
{
	return file->dentry->d_inode;
}

static inline struct dentry *file_dentry(const struct file *file)
{
	return file->dentry;
}

static inline struct inode *d_inode(const struct dentry *dentry)
{
	return dentry->d_inode;
}

static inline loff_t i_size_read(const struct inode *inode)
{
	return inode->size;
}

static inline struct timespec64 inode_get_ctime(const struct inode *inode)
{
	return inode->ctime;
}

static inline struct timespec64 inode_get_mtime(const struct inode *inode)
{
	return inode->mtime;
}

static inline bool is_mgtime(const struct inode *inode)
{
	return inode->mgtime;
}

static inline bool shmem_mapping(const struct address_space *mapping)
{
	return mapping->shmem;
}

static inline bool mapping_writably_mapped(const struct address_space *mapping)
{
	return mapping->writably_mapped;
}

static inline void fill_mg_cmtime(struct kstat *stat, u32 mask,
				  struct inode *inode)
{
	inode->queried = true;
	stat->ctime = inode->ctime;
}

#define I_LINKABLE	1

static inline bool inode_is_locked(const struct inode *inode)
{
	return inode->locked;
}

static inline u32 inode_state_read_once(const struct inode *inode)
{
	return inode->linkable ? I_LINKABLE : 0;
}

bool sb_start_write_trylock(struct super_block *sb);

static inline void sb_end_write(struct super_block *sb)
{
}

void inode_lock(struct inode *inode);
void inode_unlock(struct inode *inode);
bool inode_trylock(struct inode *inode);

#define filemap_fdatawrite(mapping)		((void)(mapping))
#define filemap_fdatawait_keep_errors(mapping)	((void)(mapping))

/* linux/xattr.h */
extern struct mnt_idmap {
	int unused;
} nop_mnt_idmap;

ssize_t __vfs_getxattr(struct dentry *dentry, struct inode *inode,
		       const char *name, void *value, size_t size);
int __vfs_setxattr_noperm(struct mnt_idmap *idmap, struct dentry *dentry,
			  const char *name, const void *value, size_t size,
			  int flags);
int __vfs_removexattr(struct mnt_idmap *idmap, struct dentry *dentry,
		      const char *name);

/* linux/lsm_hooks.h, linux/sched.h */
struct lsm_blob_sizes {
	int lbs_file, lbs_inode, lbs_superblock, lbs_task;
};

struct task_struct {
	void	*security;
	int	number;
	int	exit_state;
};

extern struct task_struct *current;

/* linux/pid.h: a task never goes, and is its pid */
struct pid;

static inline struct pid *task_pid(struct task_struct *task)
{
	return (struct pid *)task;
}

static inline struct task_struct *pid_task(struct pid *pid, int type)
{
	return (struct task_struct *)pid;
}

#define PIDTYPE_PID		0
#define get_pid(pid)		(pid)
#define put_pid(pid)		((void)(pid))
#define smp_store_release(place, value)	(*(place) = (value))
#define smp_rmb()	do { } while (0)
#define smp_load_acquire(place)		(*(place))

#endif /* MODEL_KERNEL_H */
