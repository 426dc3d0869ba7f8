// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parts of provfs that need no filesystem.
 */

#include <kunit/test.h>
#include <linux/string.h>

#include "provfs.h"

static const struct provfs_writer agent = {
	.session	= { 0xde, 0xad, 0xbe, 0xef, 4, 5, 6, 7,
			    8, 9, 10, 11, 12, 13, 14, 15 },
	.root		= { 0xca, 0xfe, 0xba, 0xbe },
	.pid		= 0x01020304,
	.uid		= 1000,
	.comm		= "fifteen letters",
};

static const struct provfs_writer shell = { .pid = 7, .uid = 8, .comm = "sh" };

static void encodes_every_byte(struct kunit *test)
{
	static const u8 expected[PROV_STAMP_SIZE] = {
		1, 1, 0x03, 0x00,
		0x04, 0x03, 0x02, 0x01,
		0xe8, 0x03, 0x00, 0x00,
		0xca, 0xfe, 0xba, 0xbe,
		0xde, 0xad, 0xbe, 0xef, 4, 5, 6, 7,
		8, 9, 10, 11, 12, 13, 14, 15,
		0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01,
		0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11,
		'f', 'i', 'f', 't', 'e', 'e', 'n', ' ',
		'l', 'e', 't', 't', 'e', 'r', 's', 0,
	};
	struct prov_stamp stamp;

	provfs_encode(&stamp, &agent, PROV_FLAG_CREATED | PROV_FLAG_MAPPED,
		      0x0102030405060708, 0x1112131415161718);
	KUNIT_EXPECT_MEMEQ(test, &stamp, expected, sizeof(expected));
}

static void decodes_what_it_encoded(struct kunit *test)
{
	struct provfs_writer writer;
	struct prov_stamp stamp;

	provfs_encode(&stamp, &agent, PROV_FLAG_OPEN, 1, 2);
	KUNIT_ASSERT_TRUE(test, provfs_decode(&writer, &stamp, sizeof(stamp)));
	KUNIT_EXPECT_TRUE(test, provfs_identical(&writer, &agent));
}

static void refuses_what_is_no_stamp(struct kunit *test)
{
	struct prov_stamp good, bad;
	struct provfs_writer writer;

	provfs_encode(&good, &agent, 0, 1, 2);
	KUNIT_EXPECT_FALSE(test, provfs_decode(&writer, &good, 63));
	KUNIT_EXPECT_FALSE(test, provfs_decode(&writer, &good, 65));
	bad = good;
	bad.version = 2;
	KUNIT_EXPECT_FALSE(test, provfs_decode(&writer, &bad, sizeof(bad)));
	bad = good;
	bad.stamper = 0;
	KUNIT_EXPECT_FALSE(test, provfs_decode(&writer, &bad, sizeof(bad)));
	bad = good;
	bad.flags = cpu_to_le16(PROV_FLAGS_ALL + 1);
	KUNIT_EXPECT_FALSE(test, provfs_decode(&writer, &bad, sizeof(bad)));
	bad = good;
	memset(bad.session, 0, sizeof(bad.session));
	KUNIT_EXPECT_FALSE(test, provfs_decode(&writer, &bad, sizeof(bad)));
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

static struct kunit_case provfs_cases[] = {
	KUNIT_CASE(encodes_every_byte),
	KUNIT_CASE(decodes_what_it_encoded),
	KUNIT_CASE(refuses_what_is_no_stamp),
	KUNIT_CASE(tells_writers_apart),
	KUNIT_CASE(keeps_the_newest_in_the_log),
	KUNIT_CASE(pushes_once_into_the_log),
	{ }
};

static struct kunit_suite provfs_suite = {
	.name		= "provfs",
	.test_cases	= provfs_cases,
};

kunit_test_suite(provfs_suite);
