/* SPDX-License-Identifier: GPL-2.0-only */
/* A note's life: made, refreshed, taken over, handed to the daemon */

static __always_inline void hand_over(struct change *change)
{
	if (!bpf_ringbuf_output(&ring, change, sizeof(*change), 0)) {
		count(COUNT_CHANGES);
		return;
	}
	count(COUNT_OVERFLOWED);
	/* The latest of an inode's changes is what its stamp tells. */
	if (bpf_map_update_elem(&backlog, &change->key, change, BPF_ANY))
		count(COUNT_LOST);
}

static __always_inline void begin(struct change *change, struct inode *inode, u32 flags)
{
	read_key(&change->key, inode);
	if (!read_writer(&change->writer))
		flags |= CHANGE_UNKNOWN;
	change->first = change->last = change->end = bpf_ktime_get_ns();
	change->mtime_before = change->mtime = mtime_of(inode);
	change->size_before = change->size = inode->i_size;
	change->flags = flags;
	change->mode = inode->i_mode;
}

static __always_inline void end(struct change *change, struct inode *inode)
{
	change->end = bpf_ktime_get_ns();
	change->mtime = mtime_of(inode);
	change->size = inode->i_size;
}

static __always_inline bool is_current_writer(struct note *note)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_session *session;
	u64 none[2] = {};

	if (note->change.writer.pid != (u32)task->tgid)
		return false;
	session = bpf_task_storage_get(&sessions, task, 0, 0);
	return is_same(note->change.writer.session, session ? session->id : (u8 *)none);
}

/* The writer of `file` is whoever runs. */
static __noinline int make_note(struct file *file, u32 flags)
{
	struct inode *inode = file->f_inode;
	u64 key = (u64)file;
	struct note note = { .inode = (u64)inode };

	begin(&note.change, inode, flags);
	if (bpf_map_update_elem(&files, &key, &note, BPF_ANY)) {
		count(COUNT_UNNOTED);
		note.change.flags |= CHANGE_OPEN;
		hand_over(&note.change);
	}
	return 0;
}

static __always_inline void note_writer(struct file *file, u32 flags)
{
	struct inode *inode = file->f_inode;
	u64 key = (u64)file;
	struct note *note;

	if (!is_regular(inode) || !is_watched(inode))
		return;
	note = bpf_map_lookup_elem(&files, &key);
	if (note && note->inode == (u64)inode && is_current_writer(note)) {
		note->change.last = bpf_ktime_get_ns();
		note->change.flags |= flags;
		return;
	}
	if (note) {
		/* Of another file, its release was not seen; or of an earlier writer through this one. */
		if (note->inode == (u64)inode)
			end(&note->change, inode);
		else
			note->change.flags |= CHANGE_OPEN;
		hand_over(&note->change);
	}
	make_note(file, flags);
}
