/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_extract.c: what a layer's entries make, whatever they are called and wherever they lead: nothing outside. */
#include "registry/extract.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/jail.h"

#include <string.h>

/* The mode (0 to 2), then entries: a tar's typeflag, flags, a mode's bits, and the texts that the flags ask for. */
const unsigned fuzz_rounds = 1000;
#define DIR(name) "5\0\xff" name "\0"
#define FILE(name) "0\0\xff" name "\0"
#define LINK(name, target) "1\0\xff" name "\0" target "\0"
#define SYMLINK(name, target) "2\0\xff" name "\0" target "\0"
#define FIFO(name) "6\0\xff" name "\0"
#define DEVICE(name) "3\0\xff" name "\0"
#define OWNED(name, uid) "0\1\xff" name "\0" uid
#define XATTR(name, key, value) "5\2\xff" name "\0" key "\0" value "\0"
FUZZ_SEEDS(SEED("\0" DIR("./") DIR("d/") FILE("d/f") LINK("h", "d/f") SYMLINK("s", "/d") FIFO("p") DEVICE("null")),
	SEED("\1" SYMLINK("out", "../../outside") FILE("out/file") FILE("out/new") LINK("h", "out/file") DIR("out/dir")),
	SEED("\1" SYMLINK("out", "/outside") FILE("out/dir/file") LINK("pw", "out/file") FILE(".wh.out") DIR("out")),
	SEED("\2" SYMLINK("out", "/outside") FILE("out/.wh.file") FILE("out/.wh..wh..opq") DIR("out") FILE("out/file")),
	SEED("\2" SYMLINK("a", "../in/../outside") DIR("a/dir") LINK("a/dir/file", "a/file") FILE("a/.wh.dir")),
	SEED("\2" FILE("f") LINK("g", "f") LINK("h", "g") FILE(".wh.g") DIR("f") FILE("f/x") SYMLINK("l", "l") FILE("l/x")),
	SEED("\2" DIR("d") SYMLINK("s", ".") LINK("s/d", "d")),
	SEED("\0" FILE(".wh.x") DIR("x") FILE("x") DIR("x") FILE("x/.wh..wh..opq") FILE(".wh..wh.plnk/1") FILE("../outside/file")),
	SEED("\0" OWNED("f", "\7") OWNED("g", "\xff") XATTR("d", "user.overlay.opaque", "y") XATTR("e", "user.a", "b")),
	SEED("\1" FILE("a/b/c") SYMLINK("run", "var/run") FILE("run/x/y") SYMLINK("v", "../../../..") FILE("v/outside/file")))

struct input {
	const uint8_t *data;
	size_t size;
};

static mode_t type_of(uint8_t flag)
{
	switch (flag) {
	case '0':
		return S_IFREG;
	case '2':
		return S_IFLNK;
	case '3':
		return S_IFCHR;
	case '4':
		return S_IFBLK;
	case '5':
		return S_IFDIR;
	case '6':
		return S_IFIFO;
	default:
		return flag == '1' ? 0 : S_IFSOCK;
	}
}

static int try_entry(struct extract *x, struct input *in, struct err *err)
{
	uint8_t type = fuzz_byte(&in->data, &in->size), flags = fuzz_byte(&in->data, &in->size);
	uint8_t mode = fuzz_byte(&in->data, &in->size);
	cleanup_free char *name = fuzz_text(&in->data, &in->size);
	cleanup_free char *target = type == '1' || type == '2' ? fuzz_text(&in->data, &in->size) : NULL;
	int64_t owner = flags & 1 ? fuzz_byte(&in->data, &in->size) * 300 - 300 : 0;
	cleanup_free char *key = flags & 2 ? fuzz_text(&in->data, &in->size) : NULL;
	cleanup_free char *value = flags & 2 ? fuzz_text(&in->data, &in->size) : NULL;
	const struct xattr xattr = { key, value, key ? strlen(value) : 0 };
	struct extract_entry e = { .name = name, .type = type_of(type), .size = flags & 4 ? 5 : 0, .major = 1, .minor = 3,
		.hardlink = type == '1' ? target : NULL, .symlink = type == '2' ? target : NULL,
		.metadata = { .mode = (mode << 4 | mode >> 4) & 07777, .uid = owner, .gid = owner, .mtime = { .tv_sec = 1000000000 },
			.xattrs = &xattr, .xattr_count = key ? 1 : 0 } };
	int r = extract_entry(x, &e, err);
	CHECK(r <= 1 && (r >= 0 || (r == err->code && *err->text)));
	if (r <= 0)
		return r;
	r = extract_write(x, "12345", 5, flags & 8 ? 3 : 0, err);
	return r < 0 ? r : extract_close(x, &e, err);
}

static int try_all(struct input in, int root_fd, enum extract_mode mode)
{
	struct err err = { 0 };
	struct layer_report report = { 0 };
	cleanup_extract struct extract x = { .root_fd = -1, .parent = PARENT_INIT, .link_parent = PARENT_INIT, .file_fd = -1 };
	CHECK(extract_init(&x, root_fd, mode, jail_single_id(), &report, &err) == 0);
	x.parent.room = 1000;
	while (in.size && !report.needs_lower) {
		int r = try_entry(&x, &in, &err);
		if (r < 0)
			err_clear(&err); /* a layer would end here; what comes now must still not get out */
	}
	CHECK(mode == EXTRACT_UPPER || (!report.needs_lower && !report.implicit.count));
	int r = report.needs_lower ? 0 : extract_finish(&x, &err);
	if (r == 0 && !report.needs_lower) /* whatever is below */
		implicit_inherit(&report.implicit, root_fd, root_fd, &report.needs_lower, &err);
	layer_report_done(&report);
	return r;
}

static void work(int root_fd, void *context)
{
	struct input in = *(struct input *)context;
	static const enum extract_mode modes[] = { EXTRACT_UPPER, EXTRACT_BOTTOM, EXTRACT_BOTTOM };
	uint8_t how = fuzz_byte(&in.data, &in.size) % 3;
	try_all(in, root_fd, modes[how]);
	if (how == 2) { /* the same once more, on top of it */
		try_all(in, root_fd, EXTRACT_REMOVALS);
		try_all(in, root_fd, EXTRACT_MERGED);
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return jail_init();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	jail_run(work, &in, 16);
	return 0;
}
