/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * floor.c measures what no unpacker is spared.
 *
 *   floor THREADS TARGET SOURCE...
 *
 * Reads all that is below each SOURCE into memory, then makes it anew below TARGET/0, TARGET/1, ... and flushes that: directories first,
 * then files and symlinks with their content and time by THREADS threads, then hard links. Prints how long this took, and how much of it the flush.
 */
#include <err.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MAX_THREADS = 64 };

struct entry {
	char *path; /* below TARGET */
	struct stat st;
	char *content;      /* of a file; a symlink's target */
	const char *linked; /* the path of the first name of the same file, or NULL */
};

static struct entry *entries;
static size_t count, room, source_len;
static int target_fd, source_number, thread_count;

static char *read_content(const char *path, const struct stat *st)
{
	char *content = calloc(1, st->st_size + 1);
	if (S_ISLNK(st->st_mode)) {
		if (readlink(path, content, st->st_size + 1) != st->st_size)
			err(1, "readlink %s", path);
		return content;
	}
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	for (off_t done = 0; done < st->st_size;) {
		ssize_t n = read(fd, content + done, st->st_size - done);
		if (n <= 0)
			err(1, "read %s", path);
		done += n;
	}
	close(fd);
	return content;
}

static const char *find_linked(const struct stat *st)
{
	for (size_t i = 0; st->st_nlink > 1 && i < count; i++)
		if (S_ISREG(entries[i].st.st_mode) && entries[i].st.st_ino == st->st_ino)
			return entries[i].path;
	return NULL;
}

static int add(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)type;
	(void)ftw;
	if (!S_ISREG(st->st_mode) && !S_ISLNK(st->st_mode) && !S_ISDIR(st->st_mode))
		return 0;
	if (count == room)
		entries = reallocarray(entries, room = room ? 2 * room : 1024, sizeof *entries);
	struct entry e = { .st = *st, .linked = S_ISREG(st->st_mode) ? find_linked(st) : NULL };
	if (!entries || asprintf(&e.path, "%d%s", source_number, path + source_len) < 0)
		errx(1, "no memory");
	if (!S_ISDIR(st->st_mode) && !e.linked)
		e.content = read_content(path, st);
	entries[count++] = e;
	return 0;
}

static void make_directories(void)
{
	for (size_t i = 0; i < count; i++)
		if (S_ISDIR(entries[i].st.st_mode) && mkdirat(target_fd, entries[i].path, 0755) < 0)
			err(1, "mkdir %s", entries[i].path);
}

static void make(const struct entry *e)
{
	const struct timespec times[2] = { e->st.st_mtim, e->st.st_mtim };
	if (S_ISLNK(e->st.st_mode)) {
		if (symlinkat(e->content, target_fd, e->path) < 0 || utimensat(target_fd, e->path, times, AT_SYMLINK_NOFOLLOW) < 0)
			err(1, "symlink %s", e->path);
		return;
	}
	int fd = openat(target_fd, e->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, e->st.st_mode & 0777);
	if (fd < 0 || (e->st.st_size && write(fd, e->content, e->st.st_size) != e->st.st_size) || futimens(fd, times) < 0)
		err(1, "make %s", e->path);
	close(fd);
}

static void *make_share(void *context)
{
	size_t number = (size_t)context;
	for (size_t i = count * number / thread_count; i < count * (number + 1) / thread_count; i++)
		if (!S_ISDIR(entries[i].st.st_mode) && !entries[i].linked)
			make(&entries[i]);
	return NULL;
}

static void make_links(void)
{
	for (size_t i = 0; i < count; i++)
		if (entries[i].linked && linkat(target_fd, entries[i].linked, target_fd, entries[i].path, 0) < 0)
			err(1, "link %s", entries[i].path);
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	pthread_t threads[MAX_THREADS];
	if (argc < 4 || (thread_count = atoi(argv[1])) < 1 || thread_count > MAX_THREADS)
		errx(2, "usage: floor THREADS TARGET SOURCE...");
	for (char **source = argv + 3; *source; source++, source_number++) {
		source_len = strlen(*source);
		if (nftw(*source, add, 64, FTW_PHYS) < 0)
			err(1, "%s", *source);
	}
	if ((target_fd = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 || syncfs(target_fd) < 0)
		err(1, "%s", argv[2]);
	double begin = now();
	make_directories();
	for (size_t i = 0; i < (size_t)thread_count; i++)
		if (pthread_create(&threads[i], NULL, make_share, (void *)i))
			errx(1, "cannot start a thread");
	for (int i = 0; i < thread_count; i++)
		pthread_join(threads[i], NULL);
	make_links();
	double made = now();
	if (syncfs(target_fd) < 0)
		err(1, "syncfs");
	double end = now();
	printf("%.3f %.3f\n", end - begin, end - made);
	return 0;
}
