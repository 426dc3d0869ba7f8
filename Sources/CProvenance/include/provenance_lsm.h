/* SPDX-License-Identifier: Apache-2.0 */
/* What the provfs LSM does for a thread that writes for others; docs/lsm.md. */
#ifndef PROVENANCE_LSM_H
#define PROVENANCE_LSM_H

#include "../../../include/uapi/linux/provfs.h"

/*
 * Has the LSM name `writer` for what the calling thread writes from now on, or,
 * where it is NULL, the thread itself. Returns 0; -EPERM without CAP_MAC_ADMIN in
 * the initial user namespace; another error where the LSM is not active.
 */
int prov_write_for(const struct prov_stamp *writer);

#endif
