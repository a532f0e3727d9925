/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_filler.c: small files get their content and metadata from a thread, which tells of the first that fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "registry/filler.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct metadata METADATA = { .mode = 0644, .mtime = { .tv_sec = 1000000000, .tv_nsec = 5 } };

/* All owners are left out: who runs the test may be nobody in particular. */
struct fixture {
	char path[64];
	int dir_fd;
	uint64_t foreign_ids;
	struct err err;
	struct filler *filler;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	*state = f;
	strcpy(f->path, "/tmp/test_filler.XXXXXX");
	assert_non_null(mkdtemp(f->path));
	f->dir_fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct metadata_rule rule = { .single_id = true, .foreign_ids = &f->foreign_ids };
	f->filler = filler_new(&rule, &f->err);
	assert_non_null(f->filler);
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char command[96];
	filler_free(f->filler);
	close(f->dir_fd);
	snprintf(command, sizeof command, "rm -rf %s", f->path);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

/* A file of `text`, whose content begins at `offset`. */
static void give(struct fixture *f, const char *name, int flags, const char *text, int64_t offset, int64_t size,
	const struct metadata *metadata)
{
	int fd = openat(f->dir_fd, name, O_CREAT | O_CLOEXEC | flags, 0644);
	assert_true(fd >= 0);
	filler_begin(f->filler, name);
	assert_int_equal(filler_add(f->filler, text, strlen(text), offset, &f->err), 0);
	filler_give(f->filler, &fd, size, metadata);
	assert_int_equal(fd, -1);
}

static void assert_file(struct fixture *f, const char *name, const void *content, int64_t size)
{
	char bytes[64] = { 0 };
	struct stat st;
	int fd = openat(f->dir_fd, name, O_RDONLY | O_CLOEXEC);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, size);
	assert_int_equal(st.st_mtim.tv_sec, METADATA.mtime.tv_sec);
	assert_int_equal(st.st_mtim.tv_nsec, METADATA.mtime.tv_nsec);
	assert_int_equal(read(fd, bytes, sizeof bytes), size);
	assert_memory_equal(bytes, content, size);
	close(fd);
}

static size_t open_descriptors(void)
{
	size_t count = 0;
	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void every_file_is_written_and_closed(void **state)
{
	struct fixture *f = *state;
	char name[32], text[32];
	size_t before = open_descriptors();
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof name, "file%d", i);
		snprintf(text, sizeof text, "text of %d", i);
		give(f, name, O_WRONLY, i % 10 ? text : "", 0, i % 10 ? (int64_t)strlen(text) : 0, &METADATA);
	}
	assert_int_equal(filler_finish(f->filler, &f->err), 0);
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof name, "file%d", i);
		snprintf(text, sizeof text, "text of %d", i);
		assert_file(f, name, text, i % 10 ? (int64_t)strlen(text) : 0);
	}
	assert_int_equal(open_descriptors(), before);
}

static void holes_are_zeros(void **state)
{
	struct fixture *f = *state;
	give(f, "before", O_WRONLY, "x", 4, 5, &METADATA);
	give(f, "behind", O_WRONLY, "x", 0, 4, &METADATA);
	assert_int_equal(filler_finish(f->filler, &f->err), 0);
	assert_file(f, "before", "\0\0\0\0x", 5);
	assert_file(f, "behind", "x\0\0\0", 4);
}

static void content_that_is_longer_than_any_file_is_refused(void **state)
{
	struct fixture *f = *state;
	filler_begin(f->filler, "long");
	assert_int_equal(filler_add(f->filler, "x", 1, FILLER_MAX, &f->err), -EBADMSG);
	assert_string_equal(f->err.text, "long is longer than its header says");
	assert_int_equal(filler_add(f->filler, "x", 1, -1, &f->err), -EBADMSG);
	assert_int_equal(filler_add(f->filler, "x", 1, INT64_MAX, &f->err), -EBADMSG);
}

static void what_an_earlier_file_failed_with_is_told_and_later_ones_stay_empty(void **state)
{
	struct fixture *f = *state;
	size_t before = open_descriptors();
	give(f, "bad", O_RDONLY, "text", 0, 4, &METADATA); /* cannot be written to */
	for (int i = 0; i < 100 || !filler_check(f->filler, &f->err); i++)
		give(f, "later", O_WRONLY, "text", 0, 4, &METADATA);
	give(f, "last", O_WRONLY, "text", 0, 4, &METADATA);
	assert_int_equal(filler_finish(f->filler, &f->err), -EBADF);
	assert_string_equal(f->err.text, "cannot unpack bad: cannot write it: Bad file descriptor");
	struct stat st;
	assert_int_equal(fstatat(f->dir_fd, "last", &st, 0), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(open_descriptors(), before);
}

static void owners_left_out_are_counted_in_the_end(void **state)
{
	struct fixture *f = *state;
	struct metadata foreign = METADATA;
	foreign.uid = 1000;
	for (int i = 0; i < 50; i++)
		give(f, "file", O_WRONLY, "text", 0, 4, &foreign);
	assert_int_equal(filler_finish(f->filler, &f->err), 0);
	assert_int_equal(f->foreign_ids, 50);
}

/* A pull that fails elsewhere. */
static void freed_without_an_end_all_is_closed(void **state)
{
	struct fixture *f = *state;
	size_t before = open_descriptors();
	for (int i = 0; i < 20; i++)
		give(f, "file", O_WRONLY, "text", 0, 4, &METADATA);
	filler_begin(f->filler, "begun");
	filler_free(f->filler);
	f->filler = NULL;
	assert_int_equal(open_descriptors(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_file_is_written_and_closed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(holes_are_zeros, set_up, tear_down),
		cmocka_unit_test_setup_teardown(content_that_is_longer_than_any_file_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_an_earlier_file_failed_with_is_told_and_later_ones_stay_empty, set_up, tear_down),
		cmocka_unit_test_setup_teardown(owners_left_out_are_counted_in_the_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(freed_without_an_end_all_is_closed, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
