/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of the provfs LSM share. Each test runs in a process of its
 * own (kselftest_harness.h), as root, outside any session, in a directory of
 * its own below $PROVFS_TEST_DIR: the same tests run on each filesystem.
 */
#ifndef STAMP_TEST_H
#define STAMP_TEST_H

#include "stamps.h"

#include "kselftest_harness.h"

#define TMPFS_MAGIC	0x01021994
#define XFS_MAGIC	0x58465342
#define BTRFS_MAGIC	0x9123683E

/* The stamp of PATH is by WRITER, covers the content and has these FLAGS. */
#define EXPECT_STAMP(path_, writer_, flags_)				\
do {									\
	struct prov_stamp stamp_;					\
									\
	EXPECT_TRUE(get_stamp(path_, &stamp_));				\
	EXPECT_TRUE(is_by(&stamp_, writer_)) print_stamp(path_);	\
	EXPECT_TRUE(covers(&stamp_, path_)) print_stamp(path_);		\
	EXPECT_EQ(flags_, le16toh(stamp_.flags));			\
} while (0)

FIXTURE(file) {
	char directory[256];
	char path[300];
	char other[300];
	long filesystem;
	struct writer me;
};

FIXTURE_SETUP(file)
{
	const char *base = getenv("PROVFS_TEST_DIR");
	struct statfs status;

	ASSERT_NE(NULL, base) TH_LOG("PROVFS_TEST_DIR is not set");
	ASSERT_EQ(0, statfs(base, &status));
	self->filesystem = status.f_type;
	snprintf(self->directory, sizeof(self->directory), "%s/stamp.XXXXXX",
		 base);
	ASSERT_NE(NULL, mkdtemp(self->directory));
	ASSERT_EQ(0, chmod(self->directory, 0777));
	snprintf(self->path, sizeof(self->path), "%s/file", self->directory);
	snprintf(self->other, sizeof(self->other), "%s/other", self->directory);
	self->me = myself();
}

FIXTURE_TEARDOWN(file)
{
}

#endif /* STAMP_TEST_H */
