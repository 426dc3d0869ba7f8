/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The provenance stamp: who wrote a file, kept on the file itself.
 *
 * One stamp is PROV_STAMP_SIZE bytes, little endian, always that size, in the
 * extended attribute security.prov (where the stamper has the privilege to set
 * it) or user.prov. Earlier writers follow in the attribute of the same name
 * with ".log" appended: up to PROV_LOG_MAX stamps, newest first.
 *
 * The kernel's LSM and user space (provfs, provstamp) share this header: the
 * stamp is defined here and nowhere else. docs/stamp.md explains each field.
 */
#ifndef _UAPI_LINUX_PROVFS_H
#define _UAPI_LINUX_PROVFS_H

#include <linux/types.h>

#define PROV_STAMP_VERSION	1
#define PROV_STAMP_SIZE		64
#define PROV_LOG_MAX		15
#define PROV_SESSION_SIZE	16
#define PROV_ROOT_SIZE		4
#define PROV_COMM_SIZE		16

/* Who set the stamp: prov_stamp.stamper */
#define PROV_STAMPER_LSM	1
#define PROV_STAMPER_PROVFS	2
#define PROV_STAMPER_DAEMON	3	/* provstampd, by BPF programs */

/* prov_stamp.flags; all other bits must be zero */
#define PROV_FLAG_CREATED	0x0001	/* the writer created the inode */
#define PROV_FLAG_MAPPED	0x0002	/* written through a shared mapping */
#define PROV_FLAG_OPEN		0x0004	/* a final stamp follows at close */
#define PROV_FLAGS_ALL		0x0007

/* prov_stamp.uid of a writer whose fsuid has no mapping in the stamper's */
#define PROV_UID_UNMAPPED	0xffffffffU

/*
 * The LSM's number for lsm_set_self_attr(2), "prov": far from those of
 * linux/lsm.h, which are given out in sequence
 */
#define LSM_ID_PROVFS		0x70726f76

#define PROV_XATTR_SECURITY	"security.prov"
#define PROV_XATTR_SECURITY_LOG	"security.prov.log"
#define PROV_XATTR_USER		"user.prov"
#define PROV_XATTR_USER_LOG	"user.prov.log"

/**
 * struct prov_stamp - one stamp, as it is stored
 * @version: PROV_STAMP_VERSION
 * @stamper: PROV_STAMPER_*
 * @flags: PROV_FLAG_*
 * @pid: the writer's thread-group id, in the stamper's pid namespace (for the
 *	LSM the initial one)
 * @uid: the writer's fsuid, in the stamper's user namespace
 * @root: first bytes of the id of the outermost session, where @session is
 *	nested in others; else zero
 * @session: the agent session id; zero outside any session. The first
 *	PROV_ROOT_SIZE bytes of an id are never all zero.
 * @time: CLOCK_REALTIME in nanoseconds when the stamp was made, not before the
 *	last content change that it covers
 * @inode: number of the inode that was stamped; a copied stamp differs in it
 * @comm: the writer's task name, zero-padded, not necessarily terminated
 */
struct prov_stamp {
	__u8	version;
	__u8	stamper;
	__le16	flags;
	__le32	pid;
	__le32	uid;
	__u8	root[PROV_ROOT_SIZE];
	__u8	session[PROV_SESSION_SIZE];
	__le64	time;
	__le64	inode;
	__u8	comm[PROV_COMM_SIZE];
};

#endif /* _UAPI_LINUX_PROVFS_H */
