// SPDX-License-Identifier: GPL-2.0-only
/*
 * A thread that writes for others says for whom, as LSM_ATTR_FSCREATE says
 * for labels: lsm_set_self_attr(2) with a struct prov_stamp of which it fills
 * in version, pid, uid, root, session and comm, in the terms of the initial
 * namespaces; pid 0 if it does not know, so that no stamp remains. An empty
 * context ends that, and so does exec. Threads and processes that it starts
 * write for themselves.
 */

#define pr_fmt(fmt) "provfs: " fmt

#include <linux/capability.h>
#include <linux/lsm_hooks.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <uapi/linux/lsm.h>

#include "provfs.h"

void provfs_forget_stand_in(struct task_struct *task)
{
	kfree(provfs_task(task)->stand_in);
	provfs_task(task)->stand_in = NULL;
}

static bool names_only_a_writer(const struct prov_stamp *stamp)
{
	return !stamp->stamper && !stamp->flags && !stamp->time &&
	       !stamp->inode;
}

int provfs_setselfattr(unsigned int attr, struct lsm_ctx *context, u32 size,
		       u32 flags)
{
	struct provfs_writer *stand_in;
	struct prov_stamp stamp;

	if (attr != LSM_ATTR_FSCREATE)
		return -EOPNOTSUPP;
	if (!capable(CAP_MAC_ADMIN))
		return -EPERM;
	if (!context->ctx_len) {
		provfs_forget_stand_in(current);
		return 0;
	}
	if (context->ctx_len != sizeof(stamp))
		return -EINVAL;
	memcpy(&stamp, context->ctx, sizeof(stamp));
	if (!names_only_a_writer(&stamp))
		return -EINVAL;
	stamp.stamper = PROV_STAMPER_LSM;

	stand_in = kmalloc_obj(*stand_in);
	if (!stand_in)
		return -ENOMEM;
	if (!provfs_decode(stand_in, &stamp, sizeof(stamp))) {
		kfree(stand_in);
		return -EINVAL;
	}
	provfs_forget_stand_in(current);
	provfs_task(current)->stand_in = stand_in;
	provfs_count(PROVFS_STAND_INS);
	pr_notice_once("%s[%d] is the first to write for others\n",
		       current->comm, task_tgid_nr(current));
	return 0;
}

/* Return: the number of contexts, 0 where the thread writes for itself. */
int provfs_getselfattr(unsigned int attr, struct lsm_ctx __user *context,
		       u32 *size, u32 flags)
{
	const struct provfs_writer *stand_in = provfs_task(current)->stand_in;
	struct prov_stamp stamp;
	int error;

	if (attr != LSM_ATTR_FSCREATE)
		return -EOPNOTSUPP;
	if (!stand_in) {
		*size = 0;
		return 0;
	}
	provfs_encode(&stamp, stand_in, 0, 0, 0);
	stamp.stamper = 0;
	error = lsm_fill_user_ctx(context, size, &stamp, sizeof(stamp),
				  LSM_ID_PROVFS, 0);
	return error ? error : 1;
}
