/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVFS_CCAP_SHIM_H
#define PROVFS_CCAP_SHIM_H

#include <sys/capability.h>

#endif
