/* SPDX-License-Identifier: GPL-2.0-only */
/* Who is writing */

/* Returns: false where the session of the task is not known. */
static __always_inline bool read_session(struct writer *writer, struct task_struct *task)
{
	struct task_session *session = bpf_task_storage_get(&sessions, task, 0, 0);

	__builtin_memset(writer->session, 0, sizeof(writer->session));
	__builtin_memset(writer->root, 0, sizeof(writer->root));
	if (session) {
		__builtin_memcpy(writer->session, session->id, sizeof(writer->session));
		__builtin_memcpy(writer->root, session->root, sizeof(writer->root));
		return true;
	}
	/*
	 * A task outside any session has none. So may one that was not seen when it was
	 * forked, or whose storage is locked (until Linux 6.1): then its parent has one.
	 */
	return !bpf_task_storage_get(&sessions, task->real_parent, 0, 0);
}

static __always_inline bool read_writer(struct writer *writer)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_struct *leader = task->group_leader;
	const struct cred *cred = task->cred;

	writer->pid = task->tgid;
	writer->uid = cred ? cred->fsuid.val : (u32)-1;
	writer->reserved = 0;
	/* Typed loads are allowed where the kernel's memory must not be read otherwise. */
#pragma unroll
	for (int i = 0; i < COMM_SIZE; i++)
		writer->comm[i] = leader->comm[i];
	return read_session(writer, task);
}

static __always_inline bool is_same(const u8 *one, const u8 *other)
{
	return *(u64 *)one == *(u64 *)other && *(u64 *)(one + 8) == *(u64 *)(other + 8);
}
