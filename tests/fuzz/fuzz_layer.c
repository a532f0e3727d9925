/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_layer.c: a layer's bytes all the way, inflated, read as a tar archive, unpacked, checked. */
#include "registry/hasher.h"
#include "registry/layer.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/jail.h"
#include "tests/fuzz/pack.h"
#include "tests/unit/pour.h"

#include <string.h>

enum { COMPRESSIONS = 3, PACKED = 4, BOTTOM = 8, WRONG = 16, MAX_PLAIN = 1 << 20, PIECE = 4096 };

/*
 * The first byte: the compression, whether the rest is a tar archive that is to be repaired and packed by it, or is the
 * packed layer as it is; the lowest layer; a wrong diff id.
 */
const unsigned fuzz_rounds = 600;

#define PAX(records) { 'x', "pax", NULL, records, sizeof records - 1, 0644, 0 }
static const struct tar_item items[][5] = {
	{ { '5', "./", .mode = 0755 }, { '5', "d", .mode = 02755, .uid = 33 }, { '0', "d/f", NULL, "content", 7, 0644, 0 },
		{ '1', "h", "d/f" }, { '2', "s", "/outside" } },
	{ { '2', "out", "../../outside" }, { '0', "out/file", NULL, "x", 1, 0644, 0 }, { '1', "h", "out/file" }, { '6', "p" },
		{ '3', "null" } },
	{ { '0', ".wh.x" }, { '5', "o" }, { '0', "o/.wh..wh..opq" }, { '0', "../../outside/new", NULL, "x", 1, 0644, 0 } },
	{ PAX("23 path=outside/a/b/cd\n"), { '0', "x", NULL, "x", 1, 0644, 0 }, PAX("25 SCHILY.xattr.user.k=v\n"), { '5', "k" } },
	{ PAX("22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n26 GNU.sparse.name=sparse\n26 GNU.sparse.realsize=99\n"),
		{ '0', "x", NULL, "1\n90\n9\n", 7, 0644, 0 } },
	{ { 'L', "././@LongLink", NULL, "outside/long\0", 13, 0644, 0 }, { '0', "x", NULL, "x", 1, 0600, 0 },
		{ 'K', "././@LongLink", NULL, "/outside/file\0", 14, 0644, 0 }, { '1', "y", "z" } },
};

bool fuzz_seed(size_t i, struct buf *ret_seed)
{
	enum { COUNT = sizeof items / sizeof *items };
	cleanup_buf struct buf tar = { 0 };
	uint8_t flags = i % COMPRESSIONS | (i % 2 ? BOTTOM : 0);
	const struct tar_item *item = items[i % COUNT];
	if (i >= (size_t)2 * COUNT)
		return false;
	for (size_t j = 0; j < 5 && item[j].type; j++)
		pack_tar(&tar, &item[j]);
	pack_tar_end(&tar);
	if (i < COUNT)
		flags |= PACKED | (i == 3 ? WRONG : 0);
	buf_add(ret_seed, &flags, 1);
	pack(ret_seed, flags & PACKED ? COMPRESSION_NONE : flags % 4, tar.data, tar.len);
	return true;
}

struct input {
	enum compression compression;
	struct layer_options options;
	struct buf packed;
	size_t plain_len; /* 0: not known */
	bool wrong;
};

static void work(int root_fd, void *context)
{
	const struct input *in = context;
	struct err err = { 0 };
	struct layer_report report = { 0 };
	struct stream *source = stream_new(in->packed.len / PIECE + 2, PIECE, 1);
	CHECK(pour(source, PIECE, in->packed.data, in->packed.len) == 0);
	stream_end(source);
	int r = layer_unpack(source, in->compression, &in->options, root_fd, &report, &err);
	stream_free(source);
	CHECK(r <= 0 && r == err.code && (r == 0 || *err.text));
	CHECK(r < 0 || (!in->wrong && report.bytes <= MAX_PLAIN && report.entries <= in->options.max_entries));
	CHECK(r < 0 || !in->plain_len || report.bytes == in->plain_len);
	CHECK(!(in->options.bottom && (report.needs_lower || report.implicit.count)));
	layer_report_done(&report);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return jail_init();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t flags = fuzz_byte(&data, &size);
	cleanup_buf struct buf plain = { 0 };
	struct input in = { .compression = flags % 4 % COMPRESSIONS, .wrong = flags & WRONG };
	in.options = (struct layer_options){ .single_id = jail_single_id(), .bottom = flags & BOTTOM, .max_bytes = MAX_PLAIN,
		.max_entries = 1000 };
	buf_add(&plain, data, size);
	if (flags & PACKED) {
		pack_tar_repair(plain.data, plain.len);
		pack(&in.packed, in.compression, plain.data, plain.len);
		in.plain_len = plain.len;
	} else {
		buf_add(&in.packed, data, size);
	}
	digest_of(plain.data, plain.len, &in.options.diff_id); /* right unless the input itself was packed */
	if (in.wrong)
		digest_of("wrong", 5, &in.options.diff_id);
	jail_run(work, &in, MAX_PLAIN);
	buf_done(&in.packed);
	return 0;
}
