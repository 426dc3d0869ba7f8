/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the stored bytes of a stamp mean, as every reader of stamps takes them.
 * Written by scripts/kernel-vectors of the ProvFS repository, from its
 * Tests/vectors/stamps.txt, which explains: change that.
 */
#ifndef _SECURITY_PROVFS_VECTORS_H
#define _SECURITY_PROVFS_VECTORS_H

#include "provfs.h"

/**
 * struct stamp_vector - one stored value
 * @name: what it is an example of
 * @bytes: the value in hexadecimal
 * @error: why these bytes are no stamp, or NULL
 * @stamper: as in struct prov_stamp, and so what follows
 * @flags: likewise
 * @time: likewise
 * @inode: likewise
 * @writer: whom the stamp names
 */
struct stamp_vector {
	const char *name;
	const char *bytes;
	const char *error;
	u8 stamper;
	u16 flags;
	u64 time;
	u64 inode;
	struct provfs_writer writer;
};

static const struct stamp_vector stamp_vectors[] = {
	{
		.name = "provfs-created",
		.bytes =
		"0102010092100000e8030000000000003f2a99c10102030405060708090a0b0c15cd256fa7fc7a184d0000000000000073656400000000000000000000000000",
		.stamper = 2,
		.flags = 1,
		.time = 1764000000123456789U,
		.inode = 77U,
		.writer = {
			.pid = 4242U,
			.uid = 1000U,
			.session = {
				0x3f, 0x2a, 0x99, 0xc1, 0x01, 0x02, 0x03, 0x04,
				0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c,
			},
			.comm = { 0x73, 0x65, 0x64 },
		},
	},
	{
		.name = "lsm-no-flags",
		.bytes =
		"0101000092100000e8030000000000003f2a99c10102030405060708090a0b0c15cd256fa7fc7a184d0000000000000073656400000000000000000000000000",
		.stamper = 1,
		.flags = 0,
		.time = 1764000000123456789U,
		.inode = 77U,
		.writer = {
			.pid = 4242U,
			.uid = 1000U,
			.session = {
				0x3f, 0x2a, 0x99, 0xc1, 0x01, 0x02, 0x03, 0x04,
				0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c,
			},
			.comm = { 0x73, 0x65, 0x64 },
		},
	},
	{
		.name = "daemon-no-flags",
		.bytes =
		"0103000092100000e8030000000000003f2a99c10102030405060708090a0b0c15cd256fa7fc7a184d0000000000000073656400000000000000000000000000",
		.stamper = 3,
		.flags = 0,
		.time = 1764000000123456789U,
		.inode = 77U,
		.writer = {
			.pid = 4242U,
			.uid = 1000U,
			.session = {
				0x3f, 0x2a, 0x99, 0xc1, 0x01, 0x02, 0x03, 0x04,
				0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c,
			},
			.comm = { 0x73, 0x65, 0x64 },
		},
	},
	{
		.name = "mapped",
		.bytes =
		"0102020092100000e8030000000000003f2a99c10102030405060708090a0b0c15cd256fa7fc7a184d0000000000000073656400000000000000000000000000",
		.stamper = 2,
		.flags = 2,
		.time = 1764000000123456789U,
		.inode = 77U,
		.writer = {
			.pid = 4242U,
			.uid = 1000U,
			.session = {
				0x3f, 0x2a, 0x99, 0xc1, 0x01, 0x02, 0x03, 0x04,
				0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c,
			},
			.comm = { 0x73, 0x65, 0x64 },
		},
	},
	{
		.name = "open",
		.bytes =
		"0102040092100000e8030000000000003f2a99c10102030405060708090a0b0c15cd256fa7fc7a184d0000000000000073656400000000000000000000000000",
		.stamper = 2,
		.flags = 4,
		.time = 1764000000123456789U,
		.inode = 77U,
		.writer = {
			.pid = 4242U,
			.uid = 1000U,
			.session = {
				0x3f, 0x2a, 0x99, 0xc1, 0x01, 0x02, 0x03, 0x04,
				0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c,
			},
			.comm = { 0x73, 0x65, 0x64 },
		},
	},
	{
		.name = "all-flags",
		.bytes =
		"0102070092100000e8030000000000003f2a99c10102030405060708090a0b0c15cd256fa7fc7a184d0000000000000073656400000000000000000000000000",
		.stamper = 2,
		.flags = 7,
		.time = 1764000000123456789U,
		.inode = 77U,
		.writer = {
			.pid = 4242U,
			.uid = 1000U,
			.session = {
				0x3f, 0x2a, 0x99, 0xc1, 0x01, 0x02, 0x03, 0x04,
				0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c,
			},
			.comm = { 0x73, 0x65, 0x64 },
		},
	},
	{
		.name = "outside-any-session",
		.bytes =
		"0102010092100000e8030000000000000000000000000000000000000000000015cd256fa7fc7a184d0000000000000073656400000000000000000000000000",
		.stamper = 2,
		.flags = 1,
		.time = 1764000000123456789U,
		.inode = 77U,
		.writer = {
			.pid = 4242U,
			.uid = 1000U,
			.comm = { 0x73, 0x65, 0x64 },
		},
	},
	{
		.name = "nested",
		.bytes =
		"0102010092100000e8030000aabbccdd3f2a99c10102030405060708090a0b0c15cd256fa7fc7a184d0000000000000073656400000000000000000000000000",
		.stamper = 2,
		.flags = 1,
		.time = 1764000000123456789U,
		.inode = 77U,
		.writer = {
			.pid = 4242U,
			.uid = 1000U,
			.root = { 0xaa, 0xbb, 0xcc, 0xdd },
			.session = {
				0x3f, 0x2a, 0x99, 0xc1, 0x01, 0x02, 0x03, 0x04,
				0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c,
			},
			.comm = { 0x73, 0x65, 0x64 },
		},
	},
	{
		.name = "session-first-byte-alone",
		.bytes =
		"0102010092100000e8030000000000000000000100000000000000000000000015cd256fa7fc7a184d0000000000000073656400000000000000000000000000",
		.stamper = 2,
		.flags = 1,
		.time = 1764000000123456789U,
		.inode = 77U,
		.writer = {
			.pid = 4242U,
			.uid = 1000U,
			.session = {
				0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00,
				0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
			},
			.comm = { 0x73, 0x65, 0x64 },
		},
	},
	{
		.name = "session-all-ones",
		.bytes =
		"0102010092100000e8030000ffffffffffffffffffffffffffffffffffffffff15cd256fa7fc7a184d0000000000000073656400000000000000000000000000",
		.stamper = 2,
		.flags = 1,
		.time = 1764000000123456789U,
		.inode = 77U,
		.writer = {
			.pid = 4242U,
			.uid = 1000U,
			.root = { 0xff, 0xff, 0xff, 0xff },
			.session = {
				0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
				0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
			},
			.comm = { 0x73, 0x65, 0x64 },
		},
	},
	{
		.name = "comm-sixteen-bytes",
		.bytes =
		"0102010092100000e8030000000000003f2a99c10102030405060708090a0b0c15cd256fa7fc7a184d0000000000000030313233343536373839616263646566",
		.stamper = 2,
		.flags = 1,
		.time = 1764000000123456789U,
		.inode = 77U,
		.writer = {
			.pid = 4242U,
			.uid = 1000U,
			.session = {
				0x3f, 0x2a, 0x99, 0xc1, 0x01, 0x02, 0x03, 0x04,
				0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c,
			},
			.comm = {
				0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37,
				0x38, 0x39, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66,
			},
		},
	},
	{
		.name = "comm-empty",
		.bytes =
		"0102010092100000e8030000000000003f2a99c10102030405060708090a0b0c15cd256fa7fc7a184d0000000000000000000000000000000000000000000000",
		.stamper = 2,
		.flags = 1,
		.time = 1764000000123456789U,
		.inode = 77U,
		.writer = {
			.pid = 4242U,
			.uid = 1000U,
			.session = {
				0x3f, 0x2a, 0x99, 0xc1, 0x01, 0x02, 0x03, 0x04,
				0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c,
			},
		},
	},
	{
		.name = "comm-not-text",
		.bytes =
		"0102010092100000e8030000000000003f2a99c10102030405060708090a0b0c15cd256fa7fc7a184d00000000000000ff1b5b33316d0a5c0000000000000000",
		.stamper = 2,
		.flags = 1,
		.time = 1764000000123456789U,
		.inode = 77U,
		.writer = {
			.pid = 4242U,
			.uid = 1000U,
			.session = {
				0x3f, 0x2a, 0x99, 0xc1, 0x01, 0x02, 0x03, 0x04,
				0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c,
			},
			.comm = { 0xff, 0x1b, 0x5b, 0x33, 0x31, 0x6d, 0x0a, 0x5c },
		},
	},
	{
		.name = "numbers-largest",
		.bytes =
		"01020100ffffffffffffffff000000003f2a99c10102030405060708090a0b0cffffffffffffffffffffffffffffffff73656400000000000000000000000000",
		.stamper = 2,
		.flags = 1,
		.time = 18446744073709551615U,
		.inode = 18446744073709551615U,
		.writer = {
			.pid = 4294967295U,
			.uid = 4294967295U,
			.session = {
				0x3f, 0x2a, 0x99, 0xc1, 0x01, 0x02, 0x03, 0x04,
				0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c,
			},
			.comm = { 0x73, 0x65, 0x64 },
		},
	},
	{
		.name = "numbers-zero",
		.bytes =
		"010201000000000000000000000000003f2a99c10102030405060708090a0b0c0000000000000000000000000000000073656400000000000000000000000000",
		.stamper = 2,
		.flags = 1,
		.time = 0U,
		.inode = 0U,
		.writer = {
			.pid = 0U,
			.uid = 0U,
			.session = {
				0x3f, 0x2a, 0x99, 0xc1, 0x01, 0x02, 0x03, 0x04,
				0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c,
			},
			.comm = { 0x73, 0x65, 0x64 },
		},
	},
	{
		.name = "byte-order",
		.bytes =
		"010201000403020108070605000000003f2a99c10102030405060708090a0b0c100f0e0d0c0b0a09181716151413121173656400000000000000000000000000",
		.stamper = 2,
		.flags = 1,
		.time = 651345242494996240U,
		.inode = 1230066625199609624U,
		.writer = {
			.pid = 16909060U,
			.uid = 84281096U,
			.session = {
				0x3f, 0x2a, 0x99, 0xc1, 0x01, 0x02, 0x03, 0x04,
				0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c,
			},
			.comm = { 0x73, 0x65, 0x64 },
		},
	},
	{
		.name = "empty",
		.bytes =
		"",
		.error = "size",
	},
	{
		.name = "one-byte",
		.bytes =
		"01",
		.error = "size",
	},
	{
		.name = "one-byte-short",
		.bytes =
		"0102010092100000e8030000000000003f2a99c10102030405060708090a0b0c15cd256fa7fc7a184d00000000000000736564000000000000000000000000",
		.error = "size",
	},
	{
		.name = "one-byte-long",
		.bytes =
		"0102010092100000e8030000000000003f2a99c10102030405060708090a0b0c15cd256fa7fc7a184d000000000000007365640000000000000000000000000000",
		.error = "size",
	},
	{
		.name = "two-stamps",
		.bytes =
		"0102010092100000e8030000000000003f2a99c10102030405060708090a0b0c15cd256fa7fc7a184d00000000000000736564000000000000000000000000000102010092100000e8030000000000003f2a99c10102030405060708090a0b0c15cd256fa7fc7a184d0000000000000073656400000000000000000000000000",
		.error = "size",
	},
	{
		.name = "version-0",
		.bytes =
		"0002010092100000e8030000000000003f2a99c10102030405060708090a0b0c15cd256fa7fc7a184d0000000000000073656400000000000000000000000000",
		.error = "version",
	},
	{
		.name = "version-2",
		.bytes =
		"0202010092100000e8030000000000003f2a99c10102030405060708090a0b0c15cd256fa7fc7a184d0000000000000073656400000000000000000000000000",
		.error = "version",
	},
	{
		.name = "version-255",
		.bytes =
		"ff02010092100000e8030000000000003f2a99c10102030405060708090a0b0c15cd256fa7fc7a184d0000000000000073656400000000000000000000000000",
		.error = "version",
	},
	{
		.name = "stamper-0",
		.bytes =
		"0100010092100000e8030000000000003f2a99c10102030405060708090a0b0c15cd256fa7fc7a184d0000000000000073656400000000000000000000000000",
		.error = "stamper",
	},
	{
		.name = "stamper-4",
		.bytes =
		"0104010092100000e8030000000000003f2a99c10102030405060708090a0b0c15cd256fa7fc7a184d0000000000000073656400000000000000000000000000",
		.error = "stamper",
	},
	{
		.name = "flags-unknown-bit",
		.bytes =
		"0102080092100000e8030000000000003f2a99c10102030405060708090a0b0c15cd256fa7fc7a184d0000000000000073656400000000000000000000000000",
		.error = "flags",
	},
	{
		.name = "flags-highest-bit",
		.bytes =
		"0102018092100000e8030000000000003f2a99c10102030405060708090a0b0c15cd256fa7fc7a184d0000000000000073656400000000000000000000000000",
		.error = "flags",
	},
	{
		.name = "flags-all-bits",
		.bytes =
		"0102ffff92100000e8030000000000003f2a99c10102030405060708090a0b0c15cd256fa7fc7a184d0000000000000073656400000000000000000000000000",
		.error = "flags",
	},
	{
		.name = "session-begins-with-zeros",
		.bytes =
		"0102010092100000e8030000000000000000000001010101010101010101010115cd256fa7fc7a184d0000000000000073656400000000000000000000000000",
		.error = "session",
	},
	{
		.name = "session-last-byte-alone",
		.bytes =
		"0102010092100000e8030000000000000000000000000000000000000000000115cd256fa7fc7a184d0000000000000073656400000000000000000000000000",
		.error = "session",
	},
	{
		.name = "root-without-session",
		.bytes =
		"0102010092100000e8030000000000010000000000000000000000000000000015cd256fa7fc7a184d0000000000000073656400000000000000000000000000",
		.error = "root",
	},
	{
		.name = "comm-after-end",
		.bytes =
		"0102010092100000e8030000000000003f2a99c10102030405060708090a0b0c15cd256fa7fc7a184d0000000000000073656400780000000000000000000000",
		.error = "comm",
	},
	{
		.name = "comm-last-byte-alone",
		.bytes =
		"0102010092100000e8030000000000003f2a99c10102030405060708090a0b0c15cd256fa7fc7a184d0000000000000000000000000000000000000000000078",
		.error = "comm",
	},
	{
		.name = "zeros",
		.bytes =
		"00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
		.error = "version",
	},
	{
		.name = "ones",
		.bytes =
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		.error = "version",
	},
};

#endif /* _SECURITY_PROVFS_VECTORS_H */
