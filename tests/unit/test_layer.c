/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_layer.c: unpacking layers, mostly hostile ones, in a user namespace and a directory of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "registry/hasher.h"
#include "registry/layer.h"
#include "src/base/fd.h"
#include "tests/unit/pour.h"
#include "tests/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Tar archives, ustar with pax records. */

struct item {
	char type; /* the header's typeflag */
	const char *name, *content; /* content: of a file, target of a link, records of 'x' */
	unsigned mode, uid;
};

static void add_header(struct buf *tar, const struct item *item, size_t size)
{
	char block[512] = { 0 };
	bool link = item->type == '1' || item->type == '2';
	unsigned sum = 0;
	strncpy(block, item->name, 100);
	snprintf(block + 100, 8, "%07o", item->mode ? item->mode : 0755);
	snprintf(block + 108, 8, "%07o", item->uid);
	snprintf(block + 116, 8, "%07o", item->uid);
	snprintf(block + 124, 12, "%011zo", size);
	snprintf(block + 136, 12, "%011o", 1000000000);
	memset(block + 148, ' ', 8);
	block[156] = item->type;
	if (link && item->content)
		strncpy(block + 157, item->content, 100);
	strcpy(block + 257, "ustar");
	memset(block + 263, '0', 2);
	strcpy(block + 329, "0000000");
	strcpy(block + 337, item->type == '3' && item->content ? item->content : "0000000"); /* minor */
	for (size_t i = 0; i < sizeof block; i++)
		sum += (unsigned char)block[i];
	snprintf(block + 148, 8, "%06o", sum);
	buf_add(tar, block, sizeof block);
}

static void add_items(struct buf *tar, const struct item *items)
{
	static const char zeros[1024];
	for (; items->type; items++) {
		bool full = items->type == '0' || items->type == 'x';
		size_t size = full && items->content ? strlen(items->content) : 0;
		add_header(tar, items, size);
		if (size) {
			buf_add(tar, items->content, size);
			buf_add(tar, zeros, (512 - size % 512) % 512);
		}
	}
	buf_add(tar, zeros, sizeof zeros);
}

/* Unpacking below a directory that is new for each test. */

struct fixture {
	char path[64];
	int dir_fd;
	bool single_id;
	struct layer_report report;
	struct err err;
};

static int unpack_bytes(struct fixture *f, const struct buf *tar, const struct layer_options *options)
{
	struct stream *source = stream_new(64, 65536, 1);
	assert_true(tar->len < (size_t)63 * 65536);
	assert_int_equal(pour(source, 65536, tar->data, tar->len), 0);
	stream_end(source);
	layer_report_done(&f->report);
	int r = layer_unpack(source, COMPRESSION_NONE, options, f->dir_fd, &f->report, &f->err);
	stream_free(source);
	assert_int_equal(r, f->err.code);
	return r;
}

static int unpack_with(struct fixture *f, struct layer_options options, const struct item *items)
{
	cleanup_buf struct buf tar = { 0 };
	add_items(&tar, items);
	digest_of(tar.data, tar.len, &options.diff_id);
	options.single_id = f->single_id;
	return unpack_bytes(f, &tar, &options);
}

#define UPPER(f, ...) unpack_with(f, (struct layer_options){ 0 }, (const struct item[]){ __VA_ARGS__, { 0 } })
#define BOTTOM(f, ...) \
	unpack_with(f, (struct layer_options){ .bottom = true }, (const struct item[]){ __VA_ARGS__, { 0 } })

static struct stat look(struct fixture *f, const char *name)
{
	struct stat st;
	assert_int_equal(fstatat(f->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st;
}

static bool is_there(struct fixture *f, const char *name)
{
	struct stat st;
	return fstatat(f->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool is_opaque(struct fixture *f, const char *name)
{
	char value[8];
	cleanup_fd int fd = openat(f->dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fgetxattr(fd, "user.overlay.opaque", value, sizeof value) == 1 && *value == 'y';
}

static bool is_whiteout(struct fixture *f, const char *name)
{
	struct stat st = look(f, name);
	return S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0);
}

static void modes_owners_times_and_links_are_kept(void **state)
{
	struct fixture *f = *state;
	unsigned uid = f->single_id ? 0 : 33;
	assert_int_equal(BOTTOM(f, { '5', "./", NULL, 01755 }, { '5', "d/", NULL, 02750, uid }, { '0', "d/f", "text", 04711, uid },
		{ '1', "h", "./d/f" }, { '2', "s", "/d/f" }, { '1', "hs", "s" }, { '6', "p", NULL, 0600 }), 0);
	assert_int_equal(look(f, ".").st_mode, S_IFDIR | 01755);
	assert_int_equal(look(f, "d").st_mode, S_IFDIR | 02750);
	assert_int_equal(look(f, "d").st_mtime, 1000000000);
	struct stat st = look(f, "d/f");
	assert_int_equal(st.st_mode, S_IFREG | 04711);
	assert_int_equal(st.st_uid, uid);
	assert_int_equal(st.st_gid, uid);
	assert_int_equal(st.st_size, 4);
	assert_int_equal(st.st_mtime, 1000000000);
	assert_int_equal(look(f, "h").st_ino, st.st_ino);
	assert_int_equal(look(f, "hs").st_ino, look(f, "s").st_ino);
	assert_int_equal(look(f, "p").st_mode, S_IFIFO | 0600);
	assert_int_equal(f->report.entries, 7);
}

static void names_that_lead_out_are_refused(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(BOTTOM(f, { '0', "../x", "x" }), -EBADMSG);
	assert_int_equal(BOTTOM(f, { '0', "a/../../x", "x" }), -EBADMSG);
	assert_int_equal(BOTTOM(f, { '1', "x", "../../etc/passwd" }), -EBADMSG);
}

/* CVE-2021-29136: umoci took such an entry for the directory itself, and what followed was written through the link. */
static void an_entry_for_the_root_that_is_no_directory_is_refused(void **state)
{
	struct fixture *f = *state;
	static const char *const names[] = { ".", "./", "/", "/.", "./.", ".//", "a/..", "" };
	static const char types[] = { '0', '1', '2', '6' };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		for (size_t j = 0; j < sizeof types; j++) {
			const char *text = types[j] == '2' ? "/etc" : types[j] == '1' ? "d" : "x";
			if (BOTTOM(f, { '5', "d" }, { types[j], names[i], text }, { '0', "f", "x" }) != -EBADMSG)
				fail_msg("an entry '%s' of type %c was taken", names[i], types[j]);
			assert_int_equal(look(f, ".").st_mode & S_IFMT, S_IFDIR);
		}
	}
}

static void symlinks_lead_nowhere_outside(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(BOTTOM(f, { '2', "out", "../../../../../../etc" }, { '5', "etc" }, { '0', "out/f", "x" },
		{ '2', "abs", "/etc" }, { '0', "abs/g", "x" }), 0);
	assert_true(is_there(f, "etc/f"));
	assert_true(is_there(f, "etc/g"));
	assert_int_equal(BOTTOM(f, { '2', "e", "/etc" }, { '1', "pw", "e/passwd" }), -ENOENT);
	assert_int_equal(BOTTOM(f, { '2', "l", "/etc/passwd" }, { '0', "l", "mine", 0600 }), 0);
	assert_int_equal(look(f, "l").st_mode, S_IFREG | 0600);
}

static void what_needs_a_lower_layer_says_so(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(UPPER(f, { '1', "h", "below" }), 0);
	assert_true(f->report.needs_lower);
	assert_int_equal(UPPER(f, { '5', "d" }, { '2', "l", "d" }, { '0', "l/x", "x" }), 0);
	assert_true(f->report.needs_lower);
	assert_int_equal(UPPER(f, { '0', ".wh..wh..opq" }), 0);
	assert_true(f->report.needs_lower);
	assert_int_equal(UPPER(f, { '0', ".wh.w" }, { '0', "w/x", "x" }), 0);
	assert_true(f->report.needs_lower);
	assert_int_equal(UPPER(f, { '0', "v/x", "x" }, { '0', ".wh.v" }), 0);
	assert_true(f->report.needs_lower);
	assert_int_equal(f->report.implicit.count, 0);
	assert_int_equal(UPPER(f, { '5', "q" }, { '0', "q/x", "x" }), 0);
	assert_false(f->report.needs_lower);
}

/* Unpacks into the directories "below" and "own", and makes what the latter has no entry for like the former. 1: it has to be applied. */
static int inherit(struct fixture *f, const struct item *below, const struct item *own)
{
	int dir_fd = f->dir_fd;
	bool needs_lower = false;
	assert_int_equal(mkdirat(dir_fd, "below", 0755), 0);
	assert_int_equal(mkdirat(dir_fd, "own", 0755), 0);
	cleanup_fd int below_fd = openat(dir_fd, "below", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_fd int own_fd = openat(dir_fd, "own", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	f->dir_fd = below_fd;
	assert_int_equal(unpack_with(f, (struct layer_options){ .bottom = true }, below), 0);
	f->dir_fd = own_fd;
	assert_int_equal(unpack_with(f, (struct layer_options){ 0 }, own), 0);
	assert_false(f->report.needs_lower);
	int r = implicit_inherit(&f->report.implicit, own_fd, below_fd, &needs_lower, &f->err);
	f->dir_fd = dir_fd;
	return r < 0 ? r : needs_lower;
}

static void directories_without_an_entry_are_those_below(void **state)
{
	struct fixture *f = *state;
	char value[8];
	const struct item below[] = { { 'x', "pax", "25 SCHILY.xattr.user.k=v\n" }, { '5', "a", NULL, 02710, f->single_id ? 0 : 33 },
		{ '5', "a/b", NULL, 01777 }, { '5', "a/said", NULL, 0700 }, { 0 } };
	const struct item own[] = { { '0', "a/b/c/f", "x" }, { '0', "a/said/f", "x" }, { '5', "a/said", NULL, 0711 }, { 0 } };
	assert_int_equal(inherit(f, below, own), 0);
	struct stat a = look(f, "own/a"), b = look(f, "own/a/b"), c = look(f, "own/a/b/c");
	assert_int_equal(a.st_mode, S_IFDIR | 02710);
	assert_int_equal(a.st_uid, below[1].uid);
	assert_int_equal(a.st_mtime, 1000000000);
	assert_int_equal(b.st_mode, S_IFDIR | 01777);
	assert_int_equal(b.st_mtime, 1000000000);
	assert_int_equal(c.st_mode, S_IFDIR | 0755); /* nowhere below */
	assert_int_equal(look(f, "own/a/said").st_mode, S_IFDIR | 0711);
	cleanup_fd int fd = openat(f->dir_fd, "own/a", O_RDONLY | O_CLOEXEC);
	assert_int_equal(fgetxattr(fd, "user.k", value, sizeof value), 1);
}

static void an_opaque_directory_is_the_one_below_and_what_is_in_it_is_not(void **state)
{
	struct fixture *f = *state;
	const struct item below[] = { { '5', "a", NULL, 0710 }, { '5', "a/b", NULL, 0700 }, { 0 } };
	const struct item own[] = { { '0', "a/b/f", "x" }, { '0', "a/.wh..wh..opq" }, { 0 } };
	assert_int_equal(inherit(f, below, own), 0);
	assert_int_equal(look(f, "own/a").st_mode, S_IFDIR | 0710);
	assert_true(is_opaque(f, "own/a"));
	assert_int_equal(look(f, "own/a/b").st_mode, S_IFDIR | 0755);
}

static void a_whiteout_needs_its_directory_below(void **state)
{
	struct fixture *f = *state;
	const struct item below[] = { { '5', "a", NULL, 0710 }, { 0 } };
	const struct item own[] = { { '0', "a/.wh.f" }, { '0', "none/.wh.f" }, { 0 } };
	assert_int_equal(inherit(f, below, own), 1);
	assert_true(is_whiteout(f, "own/a/f"));
}

static void a_symlink_or_a_file_below_is_no_directory(void **state)
{
	struct fixture *f = *state;
	const struct item below[] = { { '5', "usr" }, { '2', "lib", "usr" }, { '0', "file", "x" }, { 0 } };
	const struct item through[] = { { '0', "lib/f", "x" }, { 0 } }, into[] = { { '0', "file/f", "x" }, { 0 } };
	assert_int_equal(inherit(f, below, through), 1);
	assert_int_equal(fd_remove_tree(f->dir_fd, "own", &f->err), 0);
	assert_int_equal(fd_remove_tree(f->dir_fd, "below", &f->err), 0);
	assert_int_equal(inherit(f, below, into), 1);
}

static void the_lowest_layer_needs_no_parents(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(BOTTOM(f, { '0', "a/b/c", "x" }, { '0', "a/.wh.d" }), 0);
	assert_int_equal(look(f, "a/b").st_mode, S_IFDIR | 0755);
	assert_false(is_there(f, "a/d"));
	assert_int_equal(BOTTOM(f, { '2', "run", "./a/../var/./run" }, { '0', "run/x/y", "x" }, { '2', "abs", "/opt/z" },
		{ '0', "abs/y", "x" }), 0);
	assert_true(is_there(f, "var/run/x/y"));
	assert_true(is_there(f, "opt/z/y"));
	assert_int_equal(BOTTOM(f, { '2', "loop", "loop" }, { '0', "loop/y", "x" }), -ELOOP);
	assert_int_equal(BOTTOM(f, { '2', "out", "../../none" }, { '0', "out/y", "x" }), -ENOENT);
	assert_int_equal(BOTTOM(f, { '1', "h", "missing" }), -ENOENT);
}

static void whiteouts_become_overlays_in_any_order(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(UPPER(f, { '0', ".wh.gone" }, { '0', ".wh.f1" }, { '0', "f1", "x" }, { '0', "f2", "x" },
		{ '0', ".wh.f2" }, { '0', ".wh.d1" }, { '5', "d1" }, { '5', "d2" }, { '0', ".wh.d2" }, { '5', "o" },
		{ '0', "o/kept", "x" }, { '0', "o/.wh..wh..opq" }, { '0', ".wh..wh.plnk/1", "x" }), 0);
	assert_true(is_whiteout(f, "gone"));
	assert_true(S_ISREG(look(f, "f1").st_mode));
	assert_true(S_ISREG(look(f, "f2").st_mode));
	assert_true(is_opaque(f, "d1"));
	assert_true(is_opaque(f, "d2"));
	assert_true(is_opaque(f, "o"));
	assert_true(is_there(f, "o/kept"));
	assert_false(is_there(f, ".wh..wh.plnk"));
}

static void overlay_metadata_of_a_layer_is_not_taken(void **state)
{
	struct fixture *f = *state;
	char value[8];
	assert_int_equal(UPPER(f, { 'x', "pax", "34 SCHILY.xattr.user.overlay.opaque=y\n" }, { '5', "d" }), -EBADMSG);
	assert_int_equal(UPPER(f, { 'x', "pax", "38 SCHILY.xattr.user.overlay.opaque=y\n" }, { '5', "d" }), 0);
	assert_false(is_opaque(f, "d"));
	assert_int_equal(UPPER(f, { 'x', "pax", "25 SCHILY.xattr.user.k=v\n" }, { '5', "k" }), 0);
	cleanup_fd int fd = openat(f->dir_fd, "k", O_RDONLY | O_CLOEXEC);
	assert_int_equal(fgetxattr(fd, "user.k", value, sizeof value), 1);
	assert_int_equal(UPPER(f, { '3', "c" }), -EBADMSG);
}

static void devices_are_left_out_and_counted(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(UPPER(f, { '3', "null", "0000003" }, { '4', "sda" }), 0);
	assert_int_equal(f->report.devices, 2);
	assert_false(is_there(f, "null"));
}

static void the_last_entry_of_a_name_wins(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(UPPER(f, { '5', "./" }, { '5', "a", NULL, 02777 }, { '5', "a/b", NULL, 02700 }, { '0', "a/b/c", "x" }, { '0', "a", "file" },
		{ '0', "d", "x" }, { '5', "d" }, { '0', "d/in", "x" }, { '5', "e" }, { '0', "e/kept", "x" },
		{ '5', "e", NULL, 0711 }), 0);
	assert_int_equal(look(f, "a").st_size, 4);
	assert_int_equal(look(f, "a").st_mode, S_IFREG | 0755);
	assert_int_equal(look(f, ".").st_mtime, 1000000000);
	assert_true(is_opaque(f, "d"));
	assert_true(is_there(f, "e/kept"));
	assert_int_equal(look(f, "e").st_mode, S_IFDIR | 0711);
}

static void impossible_links_are_refused(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(UPPER(f, { '0', "a", "x" }, { '1', "a", "./a" }), -EBADMSG);
	assert_int_equal(UPPER(f, { '5', "d" }, { '1', "l", "d" }), -EPERM);
	assert_int_equal(UPPER(f, { '1', "l", "/" }), -EBADMSG);
	assert_int_equal(UPPER(f, { '2', "s", "" }), -EBADMSG);
	assert_int_equal(UPPER(f, { '2', "./", "/etc" }), -EBADMSG);
}

static void names_keep_their_bytes(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(UPPER(f, { '0', "latin\xe9", "x" }, { 'x', "pax", "12 path=e\xcc\x81\n" }, { '0', "x", "x" }), 0);
	assert_true(is_there(f, "latin\xe9"));
	assert_true(is_there(f, "e\xcc\x81"));
}

static void owners_outside_the_map_are_named_or_dropped(void **state)
{
	struct fixture *f = *state;
	int r = UPPER(f, { '0', "a", "x", 0644, 70000 });
	if (f->single_id) {
		assert_int_equal(r, 0);
		assert_int_equal(f->report.foreign_ids, 1);
		return;
	}
	assert_int_equal(r, -EINVAL);
	assert_non_null(strstr(f->err.text, "70000:70000"));
	assert_non_null(strstr(f->err.text, "/etc/subuid"));
}

static void budgets_are_kept(void **state)
{
	struct fixture *f = *state;
	const struct item items[] = { { '5', "d" }, { '5', "e" }, { 0 } };
	assert_int_equal(unpack_with(f, (struct layer_options){ .max_entries = 1 }, items), -EFBIG);
	assert_int_equal(unpack_with(f, (struct layer_options){ .max_bytes = 2047 }, items), -EFBIG);
	assert_int_equal(unpack_with(f, (struct layer_options){ .max_bytes = 2048, .max_entries = 2 }, items), 0);
	assert_int_equal(f->report.bytes, 2048);
}

/* An entry of four kilobytes, which compress to nothing, can want two thousand of them. */
static void directories_that_a_layer_leaves_out_count_for_its_budget(void **state)
{
	struct fixture *f = *state;
	const struct item items[] = { { '0', "a/b/c/f", "x" }, { '0', "a/b/g", "x" }, { 0 } };
	assert_int_equal(unpack_with(f, (struct layer_options){ .bottom = true, .max_entries = 2 }, items), -EFBIG);
	assert_non_null(strstr(f->err.text, "too many directories"));
	assert_int_equal(fd_remove_tree(f->dir_fd, "a", &f->err), 0);
	err_clear(&f->err);
	assert_int_equal(unpack_with(f, (struct layer_options){ .bottom = true, .max_entries = 3 }, items), 0);
}

/* "a/a/.../N/a/a/.../f" as a pax record. */
static char *deep_name(int depth, int number, int above)
{
	cleanup_buf struct buf path = { 0 };
	for (int i = 0; i < depth; i++)
		buf_fmt(&path, i == above ? "%d/" : "a/", number);
	return str_fmt("%d path=%sf\n", (int)path.len + 12, path.data);
}

static double seconds_used(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* Of processor time: looked up from the root each, the directories of the first took 5 seconds, those of the second 8. */
static void deep_names_cost_what_they_are_long(void **state)
{
	enum { COUNT = 40 };
	struct fixture *f = *state;
	struct item items[2 * COUNT + 1] = { 0 };
	double before = seconds_used();
	for (int i = 0; i < COUNT; i++) {
		items[2 * i] = (struct item){ 'x', "pax", deep_name(1900, 10 + i, 1890) };
		items[2 * i + 1] = (struct item){ '0', "cut" };
	}
	assert_int_equal(unpack_with(f, (struct layer_options){ .bottom = true }, items), 0);
	for (int i = 0; i < COUNT; i++)
		free((char *)items[2 * i].content);
	assert_true(seconds_used() - before < 2);
	cleanup_free char *name = deep_name(900, 10, -1);
	const struct item below[] = { { '5', "x" }, { 0 } };
	const struct item own[] = { { '5', "x" }, { '0', "x/.wh..wh..opq" }, { 'x', "pax", name }, { '0', "cut" }, { 0 } };
	before = seconds_used();
	assert_int_equal(inherit(f, below, own), 0);
	assert_true(seconds_used() - before < 4);
}

static void every_byte_counts_for_the_diff_id(void **state)
{
	struct fixture *f = *state;
	cleanup_buf struct buf tar = { 0 };
	struct layer_options options = { .single_id = f->single_id };
	add_items(&tar, (const struct item[]){ { '0', "a", "x" }, { 0 } });
	digest_of(tar.data, tar.len, &options.diff_id);
	assert_int_equal(unpack_bytes(f, &tar, &options), 0);
	buf_add(&tar, "junk after the archive's end", 28);
	assert_int_equal(unpack_bytes(f, &tar, &options), -EBADMSG);
	tar.len = 1024; /* without the end of the archive, which readers take as one */
	assert_int_equal(unpack_bytes(f, &tar, &options), -EBADMSG);
}

static void no_bytes_are_an_empty_layer(void **state)
{
	struct fixture *f = *state;
	struct buf nothing = { 0 };
	struct layer_options options = { .single_id = f->single_id };
	digest_of("", 0, &options.diff_id);
	assert_int_equal(unpack_bytes(f, &nothing, &options), 0);
	assert_int_equal(f->report.entries, 0);
}

static void applying_removes_first_and_follows_links_inside(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(BOTTOM(f, { '5', "b" }, { '0', "b/old", "x" }, { '2', "s", "/b" }, { '2', "t", "b" }, { '0', "f", "x" },
		{ '5', "g", NULL, 02775, f->single_id ? 0 : 33 }), 0);
	cleanup_buf struct buf tar = { 0 };
	add_items(&tar, (const struct item[]){ { '0', "s/new", "x" }, { '1', "hard", "f" }, { '0', ".wh.gone" }, { '5', "t" },
		{ '0', "t/.wh.old" }, { '0', "far/off", "x" }, { '0', "g/new/f", "x" }, { 0 } });
	struct layer_options options = { .single_id = f->single_id };
	digest_of(tar.data, tar.len, &options.diff_id);
	cleanup_fd int blob_fd = memfd_create("blob", MFD_CLOEXEC);
	assert_int_equal(fd_write_all(blob_fd, tar.data, tar.len), 0);
	assert_int_equal(layer_apply(blob_fd, COMPRESSION_NONE, &options, f->dir_fd, &f->report, &f->err), 0);
	assert_true(is_there(f, "b/new"));
	assert_true(is_there(f, "b/old")); /* t was a symlink to b, and is a directory now */
	assert_true(S_ISDIR(look(f, "t").st_mode));
	assert_int_equal(look(f, "hard").st_ino, look(f, "f").st_ino);
	assert_true(is_there(f, "far/off"));
	assert_int_equal(look(f, "g/new").st_mode, S_IFDIR | 0755);
	assert_int_equal(look(f, "g/new").st_gid, 0);
}

static void a_blob_that_cannot_be_read_is_the_reason(void **state)
{
	struct fixture *f = *state;
	struct layer_options options = { .single_id = f->single_id };
	assert_int_equal(layer_apply(f->dir_fd, COMPRESSION_NONE, &options, f->dir_fd, &f->report, &f->err), -EISDIR);
	assert_string_equal(f->err.text, "cannot read a layer's blob: Is a directory");
}

static int enter_namespace(void **state)
{
	struct fixture *f = mem_new(sizeof *f);
	*state = f;
	f->single_id = geteuid() != 0;
	return userns_enter();
}

static int leave(void **state)
{
	free(*state);
	return 0;
}

static int make_directory(void **state)
{
	struct fixture *f = *state;
	f->report = (struct layer_report){ 0 };
	err_clear(&f->err);
	snprintf(f->path, sizeof f->path, "/tmp/test_layer.XXXXXX");
	if (!mkdtemp(f->path))
		return -1;
	f->dir_fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return f->dir_fd < 0 ? -1 : 0;
}

static int remove_directory(void **state)
{
	struct fixture *f = *state;
	struct err err = { 0 };
	layer_report_done(&f->report);
	fd_close(&f->dir_fd);
	return fd_remove_tree(AT_FDCWD, f->path, &err);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(modes_owners_times_and_links_are_kept),
		TEST(names_that_lead_out_are_refused),
		TEST(an_entry_for_the_root_that_is_no_directory_is_refused),
		TEST(symlinks_lead_nowhere_outside),
		TEST(what_needs_a_lower_layer_says_so),
		TEST(directories_without_an_entry_are_those_below),
		TEST(an_opaque_directory_is_the_one_below_and_what_is_in_it_is_not),
		TEST(a_whiteout_needs_its_directory_below),
		TEST(a_symlink_or_a_file_below_is_no_directory),
		TEST(the_lowest_layer_needs_no_parents),
		TEST(whiteouts_become_overlays_in_any_order),
		TEST(overlay_metadata_of_a_layer_is_not_taken),
		TEST(devices_are_left_out_and_counted),
		TEST(the_last_entry_of_a_name_wins),
		TEST(impossible_links_are_refused),
		TEST(names_keep_their_bytes),
		TEST(owners_outside_the_map_are_named_or_dropped),
		TEST(budgets_are_kept),
		TEST(directories_that_a_layer_leaves_out_count_for_its_budget),
		TEST(deep_names_cost_what_they_are_long),
		TEST(every_byte_counts_for_the_diff_id),
		TEST(no_bytes_are_an_empty_layer),
		TEST(applying_removes_first_and_follows_links_inside),
		TEST(a_blob_that_cannot_be_read_is_the_reason),
	};
	return cmocka_run_group_tests(tests, enter_namespace, leave);
}
