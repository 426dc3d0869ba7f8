// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parts of provfs that need no filesystem.
 */

#include <kunit/test.h>
#include <linux/hex.h>
#include <linux/string.h>

#include "provfs.h"
#include "vectors.h"

static const struct provfs_writer agent = {
	.session	= { 0xde, 0xad, 0xbe, 0xef, 4, 5, 6, 7,
			    8, 9, 10, 11, 12, 13, 14, 15 },
	.root		= { 0xca, 0xfe, 0xba, 0xbe },
	.pid		= 0x01020304,
	.uid		= 1000,
	.comm		= "fifteen letters",
};

static const struct provfs_writer shell = { .pid = 7, .uid = 8, .comm = "sh" };

static void holds_to_a_vector(struct kunit *test,
			      const struct stamp_vector *vector)
{
	size_t size = strlen(vector->bytes) / 2;
	struct provfs_writer writer;
	struct prov_stamp *stamp, encoded;

	/* Where the value is shorter, what is missing is there and wrong. */
	stamp = kunit_kzalloc(test, max(size, sizeof(*stamp)), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, stamp);
	KUNIT_ASSERT_EQ(test, hex2bin((u8 *)stamp, vector->bytes, size), 0);
	KUNIT_ASSERT_EQ_MSG(test, provfs_decode(&writer, stamp, size),
			    !vector->error, "%s", vector->name);
	if (vector->error)
		return;
	KUNIT_EXPECT_MEMEQ_MSG(test, &writer, &vector->writer, sizeof(writer),
			       "%s", vector->name);
	provfs_encode(&encoded, &vector->writer, vector->flags, vector->time,
		      vector->inode);
	KUNIT_EXPECT_EQ(test, encoded.stamper, PROV_STAMPER_LSM);
	encoded.stamper = vector->stamper;
	KUNIT_EXPECT_MEMEQ_MSG(test, &encoded, stamp, sizeof(encoded),
			       "%s", vector->name);
}

static void holds_to_the_vectors(struct kunit *test)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(stamp_vectors); i++)
		holds_to_a_vector(test, &stamp_vectors[i]);
}

static void tells_writers_apart(struct kunit *test)
{
	struct provfs_writer other = agent;

	other.pid++;
	other.uid++;
	other.comm[0] = 'F';
	KUNIT_EXPECT_TRUE(test, provfs_same_writer(&agent, &other));
	KUNIT_EXPECT_FALSE(test, provfs_identical(&agent, &other));
	other = agent;
	other.session[15]++;
	KUNIT_EXPECT_FALSE(test, provfs_same_writer(&agent, &other));
	KUNIT_EXPECT_FALSE(test, provfs_same_writer(&agent, &shell));

	other = shell;
	other.pid++;
	KUNIT_EXPECT_TRUE(test, provfs_same_writer(&shell, &other));
	other.pid = 0;
	KUNIT_EXPECT_FALSE(test, provfs_same_writer(&shell, &other));
	other = shell;
	other.uid++;
	KUNIT_EXPECT_FALSE(test, provfs_same_writer(&shell, &other));
	other = shell;
	other.comm[1] = 'x';
	KUNIT_EXPECT_FALSE(test, provfs_same_writer(&shell, &other));
}

static void keeps_the_newest_in_the_log(struct kunit *test)
{
	struct prov_stamp *log, stamp;
	size_t size = 0;
	int i;

	log = kunit_kzalloc(test, PROV_LOG_MAX * sizeof(*log), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, log);
	for (i = 1; i <= PROV_LOG_MAX + 2; i++) {
		provfs_encode(&stamp, &agent, PROV_FLAG_OPEN, i, i);
		size = provfs_log_push(log, size, &stamp);
		KUNIT_EXPECT_EQ(test, size,
				min(i, PROV_LOG_MAX) * sizeof(*log));
	}
	for (i = 0; i < PROV_LOG_MAX; i++) {
		KUNIT_EXPECT_EQ(test, le64_to_cpu(log[i].time),
				PROV_LOG_MAX + 2 - i);
		KUNIT_EXPECT_EQ(test, le16_to_cpu(log[i].flags), 0);
	}
}

static void pushes_once_into_the_log(struct kunit *test)
{
	struct prov_stamp log[2] = { }, stamp;
	size_t size;

	provfs_encode(&stamp, &shell, 0, 1, 2);
	size = provfs_log_push(log, 0, &stamp);
	KUNIT_EXPECT_EQ(test, provfs_log_push(log, size, &stamp),
			sizeof(stamp));
	/* A size that no log has */
	KUNIT_EXPECT_EQ(test, provfs_log_push(log, 65, &stamp), sizeof(stamp));
}

static void appends_where_the_writer_changes(struct kunit *test)
{
	struct prov_stamp own[4] = { }, replaced[4];
	int i;

	for (i = 0; i < ARRAY_SIZE(replaced); i++)
		provfs_encode(&replaced[i], i < 2 ? &shell : &agent, 0, i, 2);
	provfs_encode(&own[0], &shell, 0, 9, 1);
	KUNIT_EXPECT_EQ(test, provfs_append_history(own, 1, 4, replaced, 4), 2);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(own[1].time), 2);

	/* Without a stamp of one's own, and as far as there is room */
	KUNIT_EXPECT_EQ(test, provfs_append_history(own, 0, 4, replaced, 4), 2);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(own[0].time), 0);
	KUNIT_EXPECT_EQ(test, provfs_append_history(own, 0, 1, replaced, 4), 1);
}

static struct kunit_case provfs_cases[] = {
	KUNIT_CASE(holds_to_the_vectors),
	KUNIT_CASE(tells_writers_apart),
	KUNIT_CASE(keeps_the_newest_in_the_log),
	KUNIT_CASE(pushes_once_into_the_log),
	KUNIT_CASE(appends_where_the_writer_changes),
	{ }
};

static struct kunit_suite provfs_suite = {
	.name		= "provfs",
	.test_cases	= provfs_cases,
};

kunit_test_suite(provfs_suite);
