/* SPDX-License-Identifier: GPL-2.0-only */
/* New inodes, which are their maker's although nothing was written */

SEC("fentry/security_file_open")
int on_open(arguments *ctx)
{
	struct file *file = (void *)ctx[0];

	if (file->f_mode & FMODE_CREATED)
		note_writer(file, CHANGE_CREATED | CHANGE_CERTAIN);
	return 0;
}

static __always_inline void note_new(struct inode *inode)
{
	struct change change = {};

	begin(&change, inode, CHANGE_CREATED | CHANGE_CERTAIN);
	hand_over(&change);
}

/* d_instantiate(dentry, inode): directories, links, devices; and further names of files */
static __always_inline void note_special(struct inode *inode)
{
	u32 type;

	if (!inode || !is_watched(inode))
		return;
	type = inode->i_mode & S_IFMT;
	if (type == S_IFREG || type == S_IFSOCK || (type != S_IFDIR && inode->i_nlink != 1))
		return;
	note_new(inode);
}

SEC("fentry/d_instantiate")
int on_instantiate(arguments *ctx)
{
	note_special((void *)ctx[1]);
	return 0;
}

SEC("fentry/d_instantiate_new")
int on_instantiate_new(arguments *ctx)
{
	note_special((void *)ctx[1]);
	return 0;
}
