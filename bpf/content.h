/* SPDX-License-Identifier: GPL-2.0-only */
/* Changes of content, and the release that ends them */

/* Every kind of write asks this first: write(2), splice, copies, fallocate, io_uring, aio. */
SEC("fexit/security_file_permission")
int on_file_permission(arguments *ctx)
{
	struct file *file = (void *)ctx[0];
	int mask = ctx[1], result = ctx[2];

	if ((mask & MAY_WRITE) && !result)
		note_writer(file, 0);
	return 0;
}

/* In the task that stores to a page of a shared mapping, when it becomes dirty */
SEC("fentry/file_update_time")
int on_update_time(arguments *ctx)
{
	struct file *file = (void *)ctx[0];
	u64 key = (u64)file;
	struct note *note = bpf_map_lookup_elem(&files, &key);

	/* write(2) comes here too, on some filesystems, and has been noted. */
	if (note && note->inode == (u64)file->f_inode && !(note->change.flags & CHANGE_MAPPED) &&
	    is_current_writer(note) && bpf_ktime_get_ns() - note->change.last < 1000000)
		return 0;
	note_writer(file, CHANGE_MAPPED | CHANGE_CERTAIN);
	return 0;
}

/* notify_change(idmap, dentry, iattr, delegated) */
SEC("fexit/notify_change")
int on_setattr(arguments *ctx)
{
	struct dentry *dentry = (void *)ctx[1];
	struct iattr *attributes = (void *)ctx[2];
	int result = ctx[4];
	struct inode *inode = dentry->d_inode;
	struct change change = {};

	if (result || !(attributes->ia_valid & ATTR_SIZE) || !is_regular(inode) ||
	    !is_watched(inode))
		return 0;
	if (attributes->ia_valid & ATTR_FILE) {
		note_writer(attributes->ia_file, CHANGE_CERTAIN);
		return 0;
	}
	begin(&change, inode, CHANGE_CERTAIN);
	hand_over(&change);
	return 0;
}

/* In __fput(), of every file that was opened, whoever drops the last reference */
SEC("fentry/locks_remove_file")
int on_release(arguments *ctx)
{
	struct file *file = (void *)ctx[0];
	struct inode *inode;
	u64 key = (u64)file;
	struct note *note;

	if (!(file->f_mode & (FMODE_WRITE | FMODE_CREATED)))
		return 0;
	note = bpf_map_lookup_elem(&files, &key);
	if (!note)
		return 0;
	inode = file->f_inode;
	if (note->inode == (u64)inode)
		end(&note->change, inode);
	else
		note->change.flags |= CHANGE_OPEN;
	/* Nobody can open again what has no name left. */
	if (note->inode != (u64)inode || inode->i_nlink)
		hand_over(&note->change);
	bpf_map_delete_elem(&files, &key);
	return 0;
}
