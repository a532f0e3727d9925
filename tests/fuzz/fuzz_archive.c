/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_archive.c: an image archive all the way, from its packed bytes to an image in a store, or a refusal. */
#include "registry/hasher.h"
#include "registry/load.h"
#include "src/base/fd.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/jail.h"
#include "tests/fuzz/pack.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { COMPRESSIONS = 3, PACKED = 4, MAX_PLAIN = 1 << 20 };

/* The first byte: how the rest is packed, after it was repaired; without PACKED it is the archive as it is. */
const unsigned fuzz_rounds = 40;

#define TEXT(kind, name, text) { kind, name, NULL, text, sizeof text - 1, 0644, 0 }
#define CONFIG "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}"

static void add_docker(struct buf *tar, size_t variant)
{
	static const struct tar_item items[] = {
		TEXT('0', "config.json", CONFIG),
		TEXT('0', "manifest.json", "[{\"Config\":\"config.json\",\"RepoTags\":[\"x:1\"],\"Layers\":[]}]"),
		TEXT('0', "manifest.json", "[{\"Config\":\"a/config.json\",\"RepoTags\":null,\"Layers\":[\"b/layer.tar\"]}]"),
		{ '2', "a/config.json", "../config.json" },
		{ '1', "b/layer.tar", "config.json" },
		{ '2', "c/layer.tar", "/../outside/file" },
		{ '5', "./" },
	};
	static const unsigned char order[][4] = { { 0, 1, 6, 6 }, { 0, 3, 4, 2 }, { 6, 5, 0, 1 } };
	for (size_t i = 0; i < 4; i++)
		pack_tar(tar, &items[order[variant][i]]);
}

static void add_blob(struct buf *tar, const char *text, struct digest *ret_digest)
{
	digest_of(text, strlen(text), ret_digest);
	cleanup_free char *name = str_fmt("blobs/sha256/%s", digest_hex(ret_digest));
	pack_tar(tar, &(struct tar_item){ '0', name, NULL, text, strlen(text), 0644, 0 });
}

static void add_oci(struct buf *tar)
{
	static const struct tar_item layout = TEXT('0', "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
	struct digest config, manifest;
	pack_tar(tar, &layout);
	add_blob(tar, CONFIG, &config);
	cleanup_free char *text = str_fmt("{\"schemaVersion\":2,\"config\":{\"digest\":\"%s\",\"size\":%zu},\"layers\":[]}", config.text,
		strlen(CONFIG));
	add_blob(tar, text, &manifest);
	cleanup_free char *index = str_fmt("{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
		"\"digest\":\"%s\",\"size\":%zu,\"annotations\":{\"org.opencontainers.image.ref.name\":\"x\"}}]}", manifest.text, strlen(text));
	pack_tar(tar, &(struct tar_item){ '0', "index.json", NULL, index, strlen(index), 0644, 0 });
}

bool fuzz_seed(size_t i, struct buf *ret_seed)
{
	cleanup_buf struct buf tar = { 0 };
	uint8_t flags = i < 4 ? PACKED | i % COMPRESSIONS : (i - 4) % COMPRESSIONS;
	if (i >= 7)
		return false;
	if (i % 4 == 3)
		add_oci(&tar);
	else
		add_docker(&tar, i % 4);
	pack_tar_end(&tar);
	buf_add(ret_seed, &flags, 1);
	pack(ret_seed, flags & PACKED ? COMPRESSION_NONE : flags, tar.data, tar.len);
	return true;
}

static size_t count_below(int dir_fd)
{
	int copy = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	size_t count = 0;
	CHECK(dir);
	while (readdir(dir))
		count++;
	return count - 2; /* "." and ".." */
}

/* A refusal leaves nothing; a success leaves an image that can be read. */
static void work(int root_fd, void *context)
{
	const struct buf *archive = context;
	cleanup_store struct store store = STORE_CLOSED;
	struct err err = { 0 };
	cleanup_images struct images images = { 0 };
	cleanup_fd int fd = memfd_create("archive", MFD_CLOEXEC);
	CHECK(fd >= 0 && fd_write_all(fd, archive->data, archive->len) == 0 && lseek(fd, 0, SEEK_SET) == 0);
	CHECK(store_open(&store, root_fd, true, &err) == 0);
	struct load_options options = { .kind = SOURCE_ANY_ARCHIVE, .fd = fd, .all_platforms = true, .single_id = jail_single_id(),
		.progress = PROGRESS_NONE };
	int r = load_images(&store, &options, &err);
	CHECK(r <= 0 && (r == 0 || (*err.text && r == err.code)));
	CHECK(count_below(store.staging_fd) == 0);
	CHECK(store_list_images(&store, &images, &err) == 0 && (r < 0 || images.count > 0));
	CHECK(images.count > 0 || count_below(store.layers_fd) == 0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	CHECK(freopen("/dev/null", "w", stdout)); /* what was loaded is told there */
	return jail_init() < 0 ? -1 : jail_show_proc();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t flags = fuzz_byte(&data, &size);
	cleanup_buf struct buf plain = { 0 }, archive = { 0 };
	buf_add(&plain, data, size);
	buf_str(&archive, "");
	if (flags & PACKED) {
		pack_tar_repair(plain.data, plain.len);
		pack(&archive, flags % 4 % COMPRESSIONS, plain.data, plain.len);
	} else {
		buf_add(&archive, data, size);
	}
	jail_run(work, &archive, MAX_PLAIN);
	return 0;
}
