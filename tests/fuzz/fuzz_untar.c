/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_untar.c: a tar archive as `cp -` reads it: no name leads upwards, and every byte of data is accounted for. */
#include "src/base/fd.h"
#include "src/runtime/archive.h"
#include "src/runtime/untar.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/pack.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

const unsigned fuzz_rounds = 3000;

/* An archive of a directory with a long name, a link of each kind and a file; GNU's headers and pax' are put in front. */
static void make_tree(int dir_fd)
{
	char name[201];
	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = 0;
	cleanup_fd int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	CHECK(fd >= 0 && fd_write_all(fd, "data\n", 5) == 0);
	CHECK(linkat(dir_fd, name, dir_fd, "hard", 0) == 0 && symlinkat("/etc/passwd", dir_fd, "soft") == 0);
	CHECK(mkdirat(dir_fd, "sub", 0755) == 0 && mkfifoat(dir_fd, "fifo", 0644) == 0);
}

static void make_archive(struct buf *ret_archive)
{
	struct err err = { 0 };
	char path[] = "/tmp/fuzz-untar.XXXXXX";
	CHECK(mkdtemp(path));
	cleanup_fd int dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), out_fd = memfd_create("archive", MFD_CLOEXEC);
	make_tree(dir_fd);
	CHECK(archive_write_tree(dir_fd, out_fd, &err) == 0 && lseek(out_fd, 0, SEEK_SET) == 0);
	CHECK(fd_read_all(out_fd, 1 << 20, ret_archive) == 0);
	CHECK(fd_remove_tree(AT_FDCWD, path, &err) == 0);
}

bool fuzz_seed(size_t i, struct buf *ret_seed)
{
	if (i == 0)
		make_archive(ret_seed);
	else if (i == 1)
		buf_add(ret_seed, "\x1f\x8b", 3);
	else if (i == 2) { /* a directory by its name, as before there was a type for it, with data that no directory has */
		pack_tar(ret_seed, &(struct tar_item){ .type = '0', .name = "sub/", .content = "data\n", .len = 5, .mode = 0755 });
		pack_tar_end(ret_seed);
	}
	return i < 3;
}

static void check_entry(const struct untar_entry *entry)
{
	const char *names[] = { entry->path, entry->kind == UNTAR_LINK ? entry->link : "" };
	CHECK((entry->link != NULL) == (entry->kind == UNTAR_LINK || entry->kind == UNTAR_SYMLINK));
	for (size_t i = 0; i < 2; i++) {
		cleanup_free char *framed = str_fmt("/%s/", names[i]);
		CHECK(*names[i] != '/' && !strstr(framed, "/../") && !strstr(framed, "/./"));
		CHECK(!*names[i] || !strstr(framed, "//"));
	}
	CHECK(*entry->path || entry->kind == UNTAR_DIRECTORY);
	CHECK(entry->mode <= 07777 && entry->mtime.tv_nsec >= 0 && entry->mtime.tv_nsec < 1000000000);
}

static void read_archive(int fd, size_t size)
{
	struct err err = { 0 };
	char data[300];
	struct untar untar = { .fd = fd };
	uint64_t total = 0;
	int r;
	while ((r = untar_next(&untar, &err)) == 1) {
		check_entry(&untar.entry);
		ssize_t n;
		for (uint64_t left = untar.entry.size; (n = untar_data(&untar, data, sizeof data, &err)) > 0; left -= n) {
			total += n;
			CHECK((uint64_t)n <= left && total <= size);
		}
		if (n < 0)
			break;
	}
	CHECK(r == 0 ? !err.code : err.code < 0 && *err.text);
	untar_done(&untar);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	cleanup_free char *data = mem_new(size + 1);
	memcpy(data, input, size);
	for (int mended = 0; mended < 2; mended++) {
		cleanup_fd int fd = memfd_create("input", MFD_CLOEXEC);
		CHECK(fd >= 0 && fd_write_all(fd, data, size) == 0 && lseek(fd, 0, SEEK_SET) == 0);
		read_archive(fd, size);
		pack_tar_repair(data, size);
	}
	return 0;
}
