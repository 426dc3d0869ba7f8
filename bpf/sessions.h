/* SPDX-License-Identifier: GPL-2.0-only */
/* A session is its members' and that of whomever they fork. */

static __always_inline void inherit(struct task_struct *child)
{
	struct task_session *of_parent, *of_child;

	of_parent = bpf_task_storage_get(&sessions, bpf_get_current_task_btf(), 0, 0);
	if (!of_parent)
		return;
	of_child = bpf_task_storage_get(&sessions, child, of_parent, BPF_LOCAL_STORAGE_GET_F_CREATE);
	(void)of_child;
}

SEC("tp_btf/task_newtask")
int on_new_task(arguments *ctx)
{
	inherit((void *)ctx[0]);
	return 0;
}

/* Once more, with a guard of its own: a program that is interrupted is skipped on its processor. */
SEC("fentry/wake_up_new_task")
int on_wake_new_task(arguments *ctx)
{
	inherit((void *)ctx[0]);
	return 0;
}
