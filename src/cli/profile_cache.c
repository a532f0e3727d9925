/* SPDX-License-Identifier: GPL-2.0-or-later */
/* profile_cache.c owns what seccomp profiles of users' became at earlier starts. */
#include "src/cli/profile_cache.h"

#include "src/base/fd.h"
#include "src/plan/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SLOTS = 16, LIMIT = 16 << 20 };

/* Of a file; behind it the profile, what config.json says of it, and the program. */
struct header {
	char magic[8];
	uint64_t xrun[4]; /* its executable: device, inode, size, time of its last change */
	uint64_t capabilities, kernel, flags;
	uint64_t source_len, text_len, code_len; /* bytes */
	uint64_t hash;    /* of what is behind */
};

static const char MAGIC[8] = "profile";

/* Against files that a crash has torn; nobody but the store's owner can write there. FNV-1a, by words. */
static uint64_t hash_of(const char *data, size_t len)
{
	uint64_t hash = 0xcbf29ce484222325, word;
	for (size_t at = 0; at < len; at += sizeof word) {
		size_t n = len - at < sizeof word ? len - at : sizeof word;
		word = 0;
		memcpy(&word, data + at, n);
		hash = (hash ^ word) * 0x100000001b3;
		hash ^= hash >> 32;
	}
	return hash;
}

static char *slot_of(const char *text)
{
	return str_fmt("%02x", (unsigned)(hash_of(text, strlen(text)) % SLOTS));
}

static bool fill(struct header *header, uint64_t capabilities, uint32_t kernel)
{
	struct stat st;
	if (stat("/proc/self/exe", &st) < 0)
		return false;
	*header = (struct header){ .xrun = { st.st_dev, st.st_ino, st.st_size, st.st_mtim.tv_sec * 1000000000ull + st.st_mtim.tv_nsec },
		.capabilities = capabilities, .kernel = kernel };
	memcpy(header->magic, MAGIC, sizeof MAGIC);
	return true;
}

/* Whether the file is whole, of this xrun, and of this profile. */
static bool fits(const struct buf *file, const struct header *header, const char *source)
{
	struct header own;
	const char *data = file->data + sizeof *header;
	size_t len = file->len - sizeof *header;
	return fill(&own, 0, 0) && memcmp(header->magic, MAGIC, sizeof MAGIC) == 0 && memcmp(header->xrun, own.xrun, sizeof own.xrun) == 0 &&
	       header->source_len == strlen(source) && header->source_len <= len && header->text_len <= len && header->code_len <= len &&
	       header->source_len + header->text_len + header->code_len == len && header->code_len % sizeof(struct sock_filter) == 0 &&
	       memcmp(data, source, header->source_len) == 0 && header->hash == hash_of(data, len);
}

static struct seccomp_known *take(const struct header *header, const char *data)
{
	struct seccomp_known *known = mem_new(sizeof *known);
	struct spec_profile *profile = &known->profile;
	known->capabilities = header->capabilities;
	known->kernel = (uint32_t)header->kernel;
	profile->text = str_ndup(data + header->source_len, header->text_len);
	profile->len = header->code_len / sizeof *profile->code;
	profile->code = mem_grow(NULL, profile->len, sizeof *profile->code);
	memcpy(profile->code, data + header->source_len + header->text_len, header->code_len);
	profile->flags = header->flags;
	return known;
}

void profile_cache_find(int store_dir_fd, struct request *request)
{
	struct err ignored;
	struct header header;
	cleanup_buf struct buf file = { 0 };
	if (!request->seccomp_text)
		return;
	cleanup_free char *slot = slot_of(request->seccomp_text);
	cleanup_free char *path = str_fmt("profiles/%s", slot);
	if (fd_read_file(store_dir_fd, path, LIMIT, &file, &ignored) < 0 || file.len < sizeof header)
		return;
	memcpy(&header, file.data, sizeof header);
	if (fits(&file, &header, request->seccomp_text))
		request->seccomp_known = take(&header, file.data + sizeof header);
}

void profile_cache_keep(int store_dir_fd, const struct request *request, const struct spec *spec)
{
	struct err ignored;
	struct header header;
	const struct spec_profile *profile = &spec->isolation.profile;
	if (!request->seccomp_text || !profile->text || seccomp_is_known(request->seccomp_known, spec->capabilities, request->kernel))
		return;
	mkdirat(store_dir_fd, "profiles", 0700);
	cleanup_fd int dir_fd = openat(store_dir_fd, "profiles", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir_fd < 0 || !fill(&header, spec->capabilities, request->kernel))
		return;
	cleanup_buf struct buf file = { 0 };
	header.flags = profile->flags;
	header.source_len = strlen(request->seccomp_text);
	header.text_len = strlen(profile->text);
	header.code_len = profile->len * sizeof *profile->code;
	buf_add(&file, &header, sizeof header);
	buf_add(&file, request->seccomp_text, header.source_len);
	buf_add(&file, profile->text, header.text_len);
	buf_add(&file, profile->code, header.code_len);
	header.hash = hash_of(file.data + sizeof header, file.len - sizeof header);
	memcpy(file.data, &header, sizeof header);
	cleanup_free char *slot = slot_of(request->seccomp_text);
	fd_publish_file(dir_fd, slot, file.data, file.len, 0600, &ignored);
}
