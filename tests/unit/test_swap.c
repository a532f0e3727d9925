/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_swap.c: a layer is unpacked, or a tree told as one, while another process swaps names below the directory for symlinks that lead out of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "registry/extract.h"
#include "registry/tree.h"
#include "src/base/fd.h"
#include "tests/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

/*
 * Below a new directory: "tree", which the layer is unpacked into, and "outside", which nothing may change. What is swapped
 * has the sentinel's names, so that a call which follows finds something to harm.
 */
struct place {
	char path[32];
	int top_fd, tree_fd;
	pid_t swapper;
	_Atomic unsigned *swaps; /* made so far; shared with the swapper */
};

/* The swapper: each name becomes a link out of the tree, and itself again, many thousand times a second. */

static const struct {
	const char *dir, *name, *trap, *target;
} SWAPPED[] = {
	{ ".", "d", "d-trap", "../outside" },
	{ "d", "e", "e-trap", "../../outside" },
	{ "d", "file", "file-trap", "../../outside/file" },
	{ "d", "fifo", "fifo-trap", "../../outside/file" },
	{ ".", "n", "n-trap", "../outside" },
};

/* The layer may have replaced one by something else. */
static void set_trap(int tree_fd, const char *trap, const char *target, unsigned number)
{
	char text[64], away[32];
	if (readlinkat(tree_fd, trap, text, sizeof text) > 0)
		return;
	snprintf(away, sizeof away, "away-%u", number);
	renameat(tree_fd, trap, tree_fd, away);
	if (symlinkat(target, tree_fd, trap) < 0 && errno != EEXIST)
		_exit(1);
}

static void swap_for_ever(struct place *place)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (unsigned round = 0;; round++) {
		size_t i = round % (sizeof SWAPPED / sizeof *SWAPPED);
		set_trap(place->tree_fd, SWAPPED[i].trap, SWAPPED[i].target, round);
		/* While d is the trap we would follow it ourselves: the layer may make it anew between two swaps. */
		cleanup_fd int dir_fd = openat(place->tree_fd, SWAPPED[i].dir, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		for (int twice = 0; twice < 2 && dir_fd >= 0; twice++)
			if (renameat2(dir_fd, SWAPPED[i].name, place->tree_fd, SWAPPED[i].trap, RENAME_EXCHANGE) == 0)
				(*place->swaps)++;
	}
}

/* The layer: what acts on a name in each way that there is. */

#define MODE(m) .metadata = { .mode = (m), .mtime = { .tv_sec = 1000000000 } }
static const struct xattr LABEL = { "user.layer", "was here", 8 };
static const struct extract_entry LAYER[] = {
	{ .name = "d/", .type = S_IFDIR, MODE(02777) },
	{ .name = "d/e/", .type = S_IFDIR, .metadata = { .mode = 0711, .uid = 0, .mtime = { .tv_sec = 1 }, .xattrs = &LABEL, .xattr_count = 1 } },
	{ .name = "d/file", .type = S_IFREG, .size = 4, MODE(04755) },
	{ .name = "d/e/file", .type = S_IFREG, MODE(0600) },
	{ .name = "d/fifo", .type = S_IFIFO, MODE(06777) },
	{ .name = "d/e/new", .type = S_IFREG, .size = 4, .metadata = { .mode = 0644, .xattrs = &LABEL, .xattr_count = 1 } },
	{ .name = "link", .hardlink = "d/file" },
	{ .name = "d/e/link", .hardlink = "d/e/new" },
	{ .name = "d/symlink", .type = S_IFLNK, .symlink = "file", MODE(0777) },
	{ .name = "d/dir/", .type = S_IFDIR, MODE(0700) },
	{ .name = "n/m/made", .type = S_IFREG, MODE(0644) }, /* no entries for n and n/m */
	{ .name = "d/e/.wh.file", .type = S_IFREG },
	{ .name = "d/.wh.dir", .type = S_IFREG },
	{ .name = "d/e/.wh..wh..opq", .type = S_IFREG },
	{ .name = "d/.wh.e", .type = S_IFREG },
	{ .name = "d/e/", .type = S_IFDIR, MODE(0700) },
	{ .name = "d/e", .type = S_IFREG, MODE(0600) }, /* in place of a directory */
};

/* Where it fails, because of what the swapper does, the rest is tried all the same: as much as can be is called. */
static void unpack(struct place *place, enum extract_mode mode)
{
	struct layer_report report = { 0 };
	struct err err = { 0 };
	cleanup_extract struct extract x;
	assert_int_equal(extract_init(&x, place->tree_fd, mode, geteuid() != 0, &report, &err), 0);
	for (size_t i = 0; i < sizeof LAYER / sizeof *LAYER; i++) {
		if (extract_entry(&x, &LAYER[i], &err) <= 0)
			continue;
		if (extract_write(&x, "text", LAYER[i].size, 0, &err) == 0)
			extract_close(&x, &LAYER[i], &err);
		fd_close(&x.file_fd);
	}
	extract_finish(&x, &err);
	layer_report_done(&report);
}

/* The sentinel: nothing changes an inode without a new ctime. */

struct sentinel {
	struct stat outside, dir, file;
	size_t names;
};

static size_t count_names(struct place *place, const char *path)
{
	struct err err = { 0 };
	cleanup_strv struct strv names = { 0 };
	cleanup_fd int fd = openat(place->top_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(fd_list(fd, path, &names, &err), 0);
	return names.len;
}

static struct sentinel look(struct place *place)
{
	struct sentinel s = { .names = count_names(place, "outside") + count_names(place, "outside/dir") };
	assert_int_equal(fstatat(place->top_fd, "outside", &s.outside, 0), 0);
	assert_int_equal(fstatat(place->top_fd, "outside/dir", &s.dir, 0), 0);
	assert_int_equal(fstatat(place->top_fd, "outside/file", &s.file, 0), 0);
	s.outside.st_atim = s.dir.st_atim = s.file.st_atim = (struct timespec){ 0 };
	return s;
}

static int make_place(void **state)
{
	struct err err = { 0 };
	struct place *place = mem_new(sizeof *place);
	*state = place;
	snprintf(place->path, sizeof place->path, "/tmp/test_swap.XXXXXX");
	place->swaps = mmap(NULL, sizeof *place->swaps, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (place->swaps == MAP_FAILED || !mkdtemp(place->path))
		return -1;
	place->top_fd = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	mkdirat(place->top_fd, "tree", 0755);
	mkdirat(place->top_fd, "outside", 0700);
	mkdirat(place->top_fd, "outside/dir", 0700);
	if (fd_publish_file(place->top_fd, "outside-file", "secret", 6, 0600, &err) < 0 ||
		renameat(place->top_fd, "outside-file", place->top_fd, "outside/file") < 0)
		return -1;
	place->tree_fd = openat(place->top_fd, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	place->swapper = fork();
	if (place->swapper == 0)
		swap_for_ever(place);
	return place->tree_fd < 0 || place->swapper < 0 ? -1 : 0;
}

static int remove_place(void **state)
{
	struct place *place = *state;
	struct err err = { 0 };
	int status;
	kill(place->swapper, SIGKILL);
	waitpid(place->swapper, &status, 0);
	fd_close(&place->top_fd);
	fd_close(&place->tree_fd);
	munmap(place->swaps, sizeof *place->swaps);
	int r = fd_remove_tree(AT_FDCWD, place->path, &err);
	free(place);
	return r;
}

/* Until both have done enough that their steps have met in many orders. `first`: makes what the other finds. */
static void nothing_outside_changes(void **state, enum extract_mode first, enum extract_mode mode)
{
	enum { SWAPS = 4000, ROUNDS = 200 };
	struct place *place = *state;
	const struct sentinel before = look(place);
	for (unsigned rounds = 0; rounds < ROUNDS || *place->swaps < SWAPS; rounds++) {
		if (first != mode)
			unpack(place, first);
		unpack(place, mode);
	}
	const struct sentinel after = look(place);
	assert_memory_equal(&after, &before, sizeof after);
}

static void the_lowest_layer_stays_in_its_directory(void **state)
{
	nothing_outside_changes(state, EXTRACT_BOTTOM, EXTRACT_BOTTOM);
}

static void a_layer_stays_in_its_directory(void **state)
{
	nothing_outside_changes(state, EXTRACT_UPPER, EXTRACT_UPPER);
}

static void what_a_layer_removes_is_in_its_directory(void **state)
{
	nothing_outside_changes(state, EXTRACT_BOTTOM, EXTRACT_REMOVALS);
}

static void what_a_layer_brings_stays_in_the_merged_tree(void **state)
{
	nothing_outside_changes(state, EXTRACT_REMOVALS, EXTRACT_MERGED);
}

/* What is outside would be told by its content. */
static int look_for_secret(void *context, const void *data, size_t len)
{
	(void)context;
	return memmem(data, len, "secret", 6) ? -EXDEV : 0;
}

/* One that meets a swap ends with an error; what it told before counts. *ret_entries: how many that was. */
static void tell(struct place *place, size_t *ret_entries)
{
	static const struct tree_rules none;
	struct err err = { 0 };
	struct tar_writer writer;
	struct tree tree = { .writer = &writer, .rules = &none };
	assert_int_equal(tar_writer_open(&writer, look_for_secret, NULL, &err), 0);
	if (tree_write(&tree, place->tree_fd, &err) == 0)
		tar_writer_end(&writer, &err);
	if (writer.failure)
		fail_msg("what is outside was told: %s", err.text);
	*ret_entries += tree.entries;
	tree_done(&tree);
	tar_writer_done(&writer);
}

static void what_is_told_of_a_tree_is_in_it(void **state)
{
	enum { SWAPS = 8000, ROUNDS = 600 };
	struct place *place = *state;
	size_t entries = 0;
	for (unsigned rounds = 0; rounds < ROUNDS || *place->swaps < SWAPS; rounds++) {
		if (rounds % 8 == 0)
			unpack(place, EXTRACT_BOTTOM);
		tell(place, &entries);
	}
	assert_true(entries > ROUNDS);
}

static int enter_namespace(void **state)
{
	(void)state;
	return userns_enter();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_lowest_layer_stays_in_its_directory),
		TEST(a_layer_stays_in_its_directory),
		TEST(what_a_layer_removes_is_in_its_directory),
		TEST(what_a_layer_brings_stays_in_the_merged_tree),
		TEST(what_is_told_of_a_tree_is_in_it),
	};
	return cmocka_run_group_tests(tests, enter_namespace, NULL);
}
