// SPDX-License-Identifier: GPL-2.0-only
/*
 * provfs: files name the agent session that wrote them.
 *
 * This file says when: it fits what the rest does to the kernel's hooks.
 */

#include <linux/fs.h>
#include <linux/init.h>
#include <linux/lsm_hooks.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/slab.h>
#include <linux/xattr.h>

#include "provfs.h"

static const struct lsm_id provfs_lsmid = {
	.name	= "provfs",
	.id	= LSM_ID_PROVFS,
};

struct lsm_blob_sizes provfs_blob_sizes __ro_after_init = {
	.lbs_file	= sizeof(struct provfs_file),
	.lbs_inode	= sizeof(struct provfs_inode),
	.lbs_superblock	= sizeof(struct provfs_superblock),
	.lbs_task	= sizeof(struct provfs_task),
	.lbs_xattr_count = 1,
};

static int provfs_inode_alloc_security(struct inode *inode)
{
	struct provfs_inode *state = provfs_inode(inode);

	spin_lock_init(&state->lock);
	INIT_LIST_HEAD(&state->candidates);
	return 0;
}

static void provfs_inode_free_security(struct inode *inode)
{
	struct provfs_inode *state = provfs_inode(inode);

	guard(spinlock)(&state->lock);
	provfs_clear_suspects(state);
}

static int provfs_inode_init_security(struct inode *inode, struct inode *dir,
				      const struct qstr *name,
				      struct xattr *xattrs, int *xattr_count)
{
	struct prov_stamp *stamp;
	struct xattr *xattr;

	if (!xattrs || !provfs_in_scope(inode->i_sb))
		return -EOPNOTSUPP;
	stamp = kmalloc_obj(*stamp, GFP_NOFS);
	if (!stamp)
		return -ENOMEM;
	if (!provfs_inode_created(inode, stamp)) {
		kfree(stamp);
		return -EOPNOTSUPP;
	}
	xattr = lsm_get_xattr_slot(xattrs, xattr_count);
	xattr->name = PROV_XATTR_SECURITY + XATTR_SECURITY_PREFIX_LEN;
	xattr->value = stamp;
	xattr->value_len = sizeof(*stamp);
	provfs_count(PROVFS_CREATED);
	return 0;
}

static int provfs_file_permission(struct file *file, int mask)
{
	if (mask & MAY_WRITE)
		provfs_file_changes(file);
	return 0;
}

static int provfs_file_ioctl(struct file *file, unsigned int cmd,
			     unsigned long arg)
{
	provfs_call_begins();
	return provfs_refuse_ioctl(file, cmd);
}

static int provfs_file_fcntl(struct file *file, unsigned int cmd,
			     unsigned long arg)
{
	provfs_call_begins();
	return 0;
}

static int provfs_task_alloc(struct task_struct *task, u64 clone_flags)
{
	provfs_call_begins();
	return 0;
}

static int provfs_mmap_file(struct file *file, unsigned long reqprot,
			    unsigned long prot, unsigned long flags)
{
	/* MAP_SHARED_VALIDATE has the bit of MAP_SHARED. */
	if (!file || !(flags & MAP_SHARED) || !(file->f_mode & FMODE_WRITE))
		return 0;
	return provfs_file_maps(file);
}

static int provfs_mmap_backing_file(struct vm_area_struct *vma,
				    struct file *backing_file,
				    struct file *user_file)
{
	if ((vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) !=
	    (VM_SHARED | VM_MAYWRITE))
		return 0;
	return provfs_file_maps(backing_file);
}

/* Once it is done, and before anybody can find the file by its new name. */
static void provfs_inode_post_rename(struct dentry *old_dentry,
				     struct dentry *new_dentry,
				     unsigned int flags)
{
	if (!(flags & RENAME_EXCHANGE) && d_really_is_positive(new_dentry))
		provfs_replaced(old_dentry, new_dentry);
}

/* That an inode's size is set moves its mtime, too. */
static bool sets_mtime(unsigned int ia_valid)
{
	return (ia_valid & (ATTR_SIZE | ATTR_MTIME)) == ATTR_MTIME;
}

static void begin_setting_times(struct dentry *dentry, const struct iattr *attr)
{
	provfs_times_change(dentry);
	provfs_before_times(dentry, attr);
}

static void end_setting_times(struct dentry *dentry)
{
	provfs_times_changed(d_inode(dentry));
	provfs_renew(dentry);
}

static int provfs_inode_setattr(struct mnt_idmap *idmap, struct dentry *dentry,
				struct iattr *attr)
{
	if (attr->ia_valid & ATTR_SIZE)
		provfs_size_changes(dentry, attr->ia_valid & ATTR_FILE ?
					    attr->ia_file : NULL);
	else if (sets_mtime(attr->ia_valid))
		begin_setting_times(dentry, attr);
	return 0;
}

static void provfs_inode_post_setattr(struct mnt_idmap *idmap,
				      struct dentry *dentry, int ia_valid)
{
	if (ia_valid & ATTR_SIZE)
		provfs_size_changed(dentry);
	else if (sets_mtime(ia_valid))
		end_setting_times(dentry);
}

static int provfs_inode_setxattr(struct mnt_idmap *idmap, struct dentry *dentry,
				 const char *name, const void *value,
				 size_t size, int flags)
{
	return provfs_set_xattr(dentry, name, value, size);
}

static int provfs_inode_removexattr(struct mnt_idmap *idmap,
				    struct dentry *dentry, const char *name)
{
	return provfs_remove_xattr(dentry, name);
}

/* The copy that overlayfs makes is a file of its own, with its own writer. */
static int provfs_inode_copy_up_xattr(struct dentry *src, const char *name)
{
	return provfs_is_own_xattr(name) ? -ECANCELED : -EOPNOTSUPP;
}

static void provfs_bprm_committed_creds(const struct linux_binprm *bprm)
{
	provfs_call_begins();
	provfs_forget_stand_in(current);
}

static struct security_hook_list provfs_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(inode_alloc_security, provfs_inode_alloc_security),
	LSM_HOOK_INIT(inode_free_security, provfs_inode_free_security),
	LSM_HOOK_INIT(inode_init_security, provfs_inode_init_security),
	LSM_HOOK_INIT(inode_post_rename, provfs_inode_post_rename),
	LSM_HOOK_INIT(inode_setattr, provfs_inode_setattr),
	LSM_HOOK_INIT(inode_post_setattr, provfs_inode_post_setattr),
	LSM_HOOK_INIT(inode_setxattr, provfs_inode_setxattr),
	LSM_HOOK_INIT(inode_removexattr, provfs_inode_removexattr),
	LSM_HOOK_INIT(inode_copy_up_xattr, provfs_inode_copy_up_xattr),
	LSM_HOOK_INIT(file_permission, provfs_file_permission),
	LSM_HOOK_INIT(file_ioctl, provfs_file_ioctl),
	LSM_HOOK_INIT(file_ioctl_compat, provfs_file_ioctl),
	LSM_HOOK_INIT(file_fcntl, provfs_file_fcntl),
	LSM_HOOK_INIT(file_release, provfs_file_released),
	LSM_HOOK_INIT(mmap_file, provfs_mmap_file),
	LSM_HOOK_INIT(mmap_backing_file, provfs_mmap_backing_file),
	LSM_HOOK_INIT(bprm_committed_creds, provfs_bprm_committed_creds),
	LSM_HOOK_INIT(task_alloc, provfs_task_alloc),
	LSM_HOOK_INIT(task_free, provfs_forget_stand_in),
	LSM_HOOK_INIT(getselfattr, provfs_getselfattr),
	LSM_HOOK_INIT(setselfattr, provfs_setselfattr),
};

static int __init provfs_init(void)
{
	security_add_hooks(provfs_hooks, ARRAY_SIZE(provfs_hooks),
			   &provfs_lsmid);
	return 0;
}

DEFINE_LSM(provfs) = {
	.id		= &provfs_lsmid,
	.init		= provfs_init,
	.blobs		= &provfs_blob_sizes,
	.initcall_core	= provfs_init_defer,
	.initcall_fs	= provfs_init_securityfs,
};
