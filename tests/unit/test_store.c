/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_store.c: the store, in a temporary directory for each test: what is listed, found, removed, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "registry/hasher.h"
#include "registry/store.h"
#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEBIAN "docker.io/library/debian:12"
#define ALPINE "docker.io/library/alpine:latest"

struct fixture {
	char path[64];
	int dir_fd;
	struct store store;
	struct err err;
};

static int set_up(void **state)
{
	struct fixture *f = mem_new(sizeof *f);
	strcpy(f->path, "/tmp/xrun-store-XXXXXX");
	f->dir_fd = mkdtemp(f->path) ? open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	*state = f;
	return f->dir_fd < 0 ? -1 : store_open(&f->store, f->dir_fd, true, &f->err);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	store_close(&f->store);
	fd_close(&f->dir_fd);
	int r = fd_remove_tree(AT_FDCWD, f->path, &f->err);
	free(f);
	return r;
}

/* Making images as a pull leaves them. */

static struct digest digest_text(const char *text)
{
	struct digest digest;
	digest_of(text, strlen(text), &digest);
	return digest;
}

static struct digest put(struct fixture *f, const char *text)
{
	struct digest digest = digest_text(text);
	assert_int_equal(store_put_blob(&f->store, &digest, text, strlen(text), &f->err), 0);
	return digest;
}

/* An unpacked layer called `layer`, with something in it that only a thorough removal takes away. */
static void make_layer(struct fixture *f, const char *layer)
{
	struct digest name = digest_text(layer);
	cleanup_free char *path = str_fmt("%s/locked", digest_hex(&name));
	if (mkdirat(f->store.layers_fd, digest_hex(&name), 0755) == 0)
		assert_int_equal(mkdirat(f->store.layers_fd, path, 0), 0);
}

struct made {
	struct digest manifest, config;
	char *names; /* xrun.layers, the caller's */
};

/* The blobs and unpacked layers of an image that is not named yet. `layers` is NULL-terminated, lowest first. */
static struct made make_image(struct fixture *f, const struct platform *platform, const char *const *layers)
{
	cleanup_buf struct buf descriptors = { 0 }, diff_ids = { 0 };
	struct buf names = { 0 };
	struct made made;
	buf_str(&names, "");
	buf_str(&descriptors, "");
	buf_str(&diff_ids, "");
	for (size_t i = 0; layers[i]; i++) {
		const char *comma = i ? "," : "";
		struct digest blob = put(f, layers[i]);
		buf_fmt(&descriptors, "%s{\"mediaType\": \"x\", \"digest\": \"%s\", \"size\": %zu}", comma, blob.text, strlen(layers[i]));
		buf_fmt(&diff_ids, "%s\"%s\"", comma, blob.text);
		buf_fmt(&names, "%s%s", comma, digest_hex(&blob));
		make_layer(f, layers[i]);
	}
	cleanup_free char *config = str_fmt("{\"os\": \"%s\", \"architecture\": \"%s\", \"variant\": \"%s\", \"rootfs\": {\"diff_ids\": [%s]}}",
		platform->os, platform->arch, platform->variant, diff_ids.data);
	made.config = put(f, config);
	cleanup_free char *manifest = str_fmt("{\"schemaVersion\": 2, \"config\": {\"digest\": \"%s\", \"size\": %zu}, \"layers\": [%s]}",
		made.config.text, strlen(config), descriptors.data);
	made.manifest = put(f, manifest);
	made.names = buf_take(&names);
	return made;
}

static void name_image(struct fixture *f, const char *reference, const struct platform *platform, const struct digest *manifest,
	const char *names)
{
	cleanup_free char *reference_copy = str_dup(reference), *names_copy = str_dup(names);
	struct descriptor entry = { .media_type = MEDIA_MANIFEST, .digest = *manifest, .size = 1, .platform = *platform,
		.reference = reference_copy, .layer_names = names_copy };
	if (store_tag_image(&f->store, &entry, &f->err) < 0)
		fail_msg("%s", f->err.text);
}

static struct platform platform(const char *text)
{
	struct platform p;
	assert_true(platform_parse(text, &p));
	return p;
}

static struct digest add_image(struct fixture *f, const char *reference, const char *platform_name, const char *const *layers)
{
	struct platform p = platform(platform_name);
	struct made made = make_image(f, &p, layers);
	name_image(f, reference, &p, &made.manifest, made.names);
	free(made.names);
	return made.manifest;
}
#define ADD(f, reference, platform, ...) add_image(f, reference, platform, (const char *const[]){ __VA_ARGS__, NULL })

/* Asking. */

static int find(struct fixture *f, const char *reference, const char *platform_name, struct image *image)
{
	struct platform want = platform(platform_name);
	err_clear(&f->err);
	return store_find_image(&f->store, reference, &want, image, &f->err);
}

static void found(struct fixture *f, const char *reference, const char *wish, const char *have)
{
	struct image image = { 0 };
	if (find(f, reference, wish, &image) < 0)
		fail_msg("%s", f->err.text);
	assert_string_equal(image.reference, reference);
	assert_string_equal(platform_text(&image.platform).text, have);
	image_done(&image);
}

static void absent(struct fixture *f, const char *reference, const char *wish)
{
	struct image image = { 0 };
	assert_int_equal(find(f, reference, wish, &image), -ENOENT);
	assert_null(image.reference);
	cleanup_free char *message = str_fmt("%s is not in the store for %s", reference, wish);
	assert_string_equal(f->err.text, message);
}

/* The list as "reference platform" lines, the caller's. */
static char *list(struct fixture *f)
{
	cleanup_images struct images images = { 0 };
	struct buf text = { 0 };
	if (store_list_images(&f->store, &images, &f->err) < 0)
		fail_msg("%s", f->err.text);
	for (size_t i = 0; i < images.count; i++)
		buf_fmt(&text, "%s %s\n", images.items[i].reference, platform_text(&images.items[i].platform).text);
	return buf_take(&text);
}

static void listed(struct fixture *f, const char *want)
{
	cleanup_free char *text = list(f);
	assert_string_equal(text, want);
}

static bool has_blob(struct fixture *f, const char *text)
{
	struct digest digest = digest_text(text);
	int64_t size;
	return store_has_blob(&f->store, &digest, &size);
}

static bool has_layer(struct fixture *f, const char *layer)
{
	struct digest name = digest_text(layer);
	return store_has_layer(&f->store, digest_hex(&name));
}

static size_t count_entries(struct fixture *f, const char *name)
{
	cleanup_free char *path = str_fmt("%s/%s", f->path, name);
	cleanup_dir DIR *dir = opendir(path);
	size_t count = 0;
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		count += entry->d_name[0] != '.';
	return count;
}

/* Opening. */

static void a_new_store_is_an_image_layout_without_images(void **state)
{
	struct fixture *f = *state;
	cleanup_buf struct buf layout = { 0 }, text = { 0 };
	struct index index = { 0 };
	enum document kind;
	assert_int_equal(fd_read_file(f->dir_fd, "oci-layout", 100, &layout, &f->err), 0);
	assert_string_equal(layout.data, "{\"imageLayoutVersion\": \"1.0.0\"}\n");
	assert_int_equal(fd_read_file(f->dir_fd, "index.json", 1000, &text, &f->err), 0);
	assert_int_equal(json_document_kind(text.data, text.len, NULL, &kind, &f->err), 0);
	assert_int_equal(kind, DOCUMENT_INDEX);
	assert_int_equal(json_read_index(text.data, text.len, &index, &f->err), 0);
	assert_int_equal(index.count, 0);
	index_done(&index);
	listed(f, "");
}

static void opening_it_again_keeps_what_is_there(void **state)
{
	struct fixture *f = *state;
	ADD(f, DEBIAN, "linux/amd64", "base");
	store_close(&f->store);
	assert_int_equal(store_open(&f->store, f->dir_fd, true, &f->err), 0);
	found(f, DEBIAN, "linux/amd64", "linux/amd64");
}

static void what_is_not_there_is_only_made_when_asked_for(void **state)
{
	struct fixture *f = *state;
	struct store store = STORE_CLOSED;
	assert_int_equal(mkdirat(f->dir_fd, "empty", 0700), 0);
	cleanup_fd int empty_fd = openat(f->dir_fd, "empty", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(store_open(&store, empty_fd, false, &f->err), -ENOENT);
	assert_int_equal(count_entries(f, "empty"), 0);
	assert_int_equal(store.dir_fd, -1);
}

static void a_part_that_is_a_symlink_is_refused(void **state)
{
	struct fixture *f = *state;
	store_close(&f->store);
	assert_int_equal(unlinkat(f->dir_fd, "layers", AT_REMOVEDIR), 0);
	assert_int_equal(symlinkat("/tmp", f->dir_fd, "layers"), 0);
	assert_true(store_open(&f->store, f->dir_fd, true, &f->err) < 0);
	assert_non_null(strstr(f->err.text, "layers"));
}

static void closing_twice_does_no_harm(void **state)
{
	struct fixture *f = *state;
	store_close(&f->store);
	assert_true(f->store.dir_fd == -1 && f->store.blobs_fd == -1 && f->store.layers_fd == -1 && f->store.staging_fd == -1 &&
		f->store.use_fd == -1);
	store_close(&f->store);
}

/* Blobs and layers. */

static void a_blob_comes_back_as_it_went_in(void **state)
{
	struct fixture *f = *state;
	struct digest digest = put(f, "content"), other = digest_text("other");
	cleanup_buf struct buf text = { 0 };
	int64_t size = 0;
	assert_int_equal(store_has_blob(&f->store, &digest, &size), 1);
	assert_int_equal(size, 7);
	assert_int_equal(store_read_blob(&f->store, &digest, 7, &text, &f->err), 0);
	assert_string_equal(text.data, "content");
	assert_int_equal(store_read_blob(&f->store, &digest, 6, &text, &f->err), -EFBIG);
	cleanup_fd int fd = store_open_blob(&f->store, &digest, &f->err);
	assert_true(fd >= 0);
	assert_int_equal(store_has_blob(&f->store, &other, &size), 0);
	assert_int_equal(store_open_blob(&f->store, &other, &f->err), -ENOENT);
}

static void only_a_file_is_a_blob_and_only_a_directory_a_layer(void **state)
{
	struct fixture *f = *state;
	struct digest digest = digest_text("x");
	const char *name = digest_hex(&digest);
	assert_int_equal(symlinkat("/etc/passwd", f->store.blobs_fd, name), 0);
	assert_int_equal(symlinkat("/tmp", f->store.layers_fd, name), 0);
	assert_false(has_blob(f, "x"));
	assert_true(store_open_blob(&f->store, &digest, &f->err) < 0);
	assert_false(has_layer(f, "x"));
	make_layer(f, "y");
	assert_true(has_layer(f, "y"));
}

/* Finding. */

static void an_image_is_found_with_all_that_is_known_of_it(void **state)
{
	struct fixture *f = *state;
	struct digest manifest = ADD(f, DEBIAN, "linux/arm64/v8", "base", "top"), base = digest_text("base"), top = digest_text("top");
	struct image image = { 0 };
	assert_int_equal(find(f, DEBIAN, "linux/arm64", &image), 0);
	assert_string_equal(image.reference, DEBIAN);
	assert_string_equal(image.manifest.text, manifest.text);
	assert_int_equal(image.layer_count, 2);
	assert_string_equal(image.layers[0].name, digest_hex(&base));
	assert_string_equal(image.layers[1].name, digest_hex(&top));
	image_done(&image);
}

static void another_reference_or_platform_is_not_found(void **state)
{
	struct fixture *f = *state;
	absent(f, DEBIAN, "linux/amd64");
	ADD(f, DEBIAN, "linux/amd64", "base");
	absent(f, ALPINE, "linux/amd64");
	absent(f, "docker.io/library/debian:1", "linux/amd64");
	absent(f, DEBIAN, "linux/arm64");
	absent(f, DEBIAN, "windows/amd64");
}

static void images_of_several_platforms_share_a_reference(void **state)
{
	struct fixture *f = *state;
	ADD(f, DEBIAN, "linux/amd64", "amd64");
	ADD(f, DEBIAN, "linux/s390x", "s390x");
	found(f, DEBIAN, "linux/amd64", "linux/amd64");
	found(f, DEBIAN, "linux/s390x", "linux/s390x");
}

static void the_best_platform_is_found_in_whatever_order_they_came(void **state)
{
	struct fixture *f = *state;
	ADD(f, DEBIAN, "linux/arm/v5", "v5");
	ADD(f, DEBIAN, "linux/arm/v6", "v6");
	ADD(f, ALPINE, "linux/arm/v6", "v6");
	ADD(f, ALPINE, "linux/arm/v5", "v5");
	found(f, DEBIAN, "linux/arm/v7", "linux/arm/v6");
	found(f, ALPINE, "linux/arm/v7", "linux/arm/v6");
	found(f, DEBIAN, "linux/arm/v5", "linux/arm/v5");
}

static void the_usual_variant_is_the_same_platform_written_or_not(void **state)
{
	struct fixture *f = *state;
	ADD(f, DEBIAN, "linux/arm64/v8", "one");
	ADD(f, DEBIAN, "linux/arm64", "two");
	found(f, DEBIAN, "linux/arm64", "linux/arm64");
	found(f, DEBIAN, "linux/arm64/v8", "linux/arm64");
	ADD(f, DEBIAN, "linux/arm64/v8", "one");
	listed(f, DEBIAN " linux/arm64/v8\n");
}

static void naming_replaces_the_same_reference_and_platform_only(void **state)
{
	struct fixture *f = *state;
	ADD(f, DEBIAN, "linux/amd64", "old");
	ADD(f, DEBIAN, "linux/arm64", "other");
	ADD(f, ALPINE, "linux/amd64", "another");
	struct digest manifest = ADD(f, DEBIAN, "linux/amd64", "new");
	struct image image = { 0 };
	assert_int_equal(find(f, DEBIAN, "linux/amd64", &image), 0);
	assert_string_equal(image.manifest.text, manifest.text);
	image_done(&image);
	listed(f, DEBIAN " linux/arm64\n" ALPINE " linux/amd64\n" DEBIAN " linux/amd64\n");
}

static void an_image_without_layers_is_an_image(void **state)
{
	struct fixture *f = *state;
	ADD(f, DEBIAN, "linux/amd64", NULL);
	found(f, DEBIAN, "linux/amd64", "linux/amd64");
}

static void an_image_that_is_not_unpacked_is_listed_but_not_found(void **state)
{
	struct fixture *f = *state;
	static const char *const layers[] = { "base", "top", NULL };
	struct platform p = platform("linux/amd64");
	struct made made = make_image(f, &p, layers);
	name_image(f, DEBIAN, &p, &made.manifest, NULL);
	absent(f, DEBIAN, "linux/amd64");
	listed(f, DEBIAN " linux/amd64\n");
	name_image(f, DEBIAN, &p, &made.manifest, made.names);
	found(f, DEBIAN, "linux/amd64", "linux/amd64");
	free(made.names);
}

static void names_of_layers_are_checked_before_they_are_used(void **state)
{
	struct fixture *f = *state;
	static const char *const layers[] = { "base", "top", NULL };
	struct platform p = platform("linux/amd64");
	struct made made = make_image(f, &p, layers);
	struct digest base = digest_text("base"), missing = digest_text("missing");
	cleanup_free char *one = str_dup(digest_hex(&base));
	cleanup_free char *climbing = str_fmt("%s,%s", one, "../../../../../../../../../../../../../../../../../../../..//tmp");
	cleanup_free char *absent_one = str_fmt("%s,%s", one, digest_hex(&missing));
	cleanup_free char *unseparated = str_fmt("%s%s", one, one);
	assert_int_equal(strlen(climbing), DIGEST_HEX + 1 + DIGEST_HEX);
	const char *const bad[] = { "", ",", "..", one, climbing, absent_one, unseparated };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		name_image(f, DEBIAN, &p, &made.manifest, bad[i]);
		absent(f, DEBIAN, "linux/amd64");
	}
	free(made.names);
}

static void an_image_whose_layer_is_gone_is_not_found(void **state)
{
	struct fixture *f = *state;
	struct digest top = digest_text("top");
	ADD(f, DEBIAN, "linux/amd64", "base", "top");
	assert_int_equal(fd_remove_tree(f->store.layers_fd, digest_hex(&top), &f->err), 0);
	absent(f, DEBIAN, "linux/amd64");
}

static void an_image_whose_manifest_is_gone_or_damaged_is_left_out(void **state)
{
	struct fixture *f = *state;
	struct image image = { 0 };
	struct digest gone = ADD(f, DEBIAN, "linux/amd64", "base"), damaged = ADD(f, DEBIAN, "linux/arm64", "base");
	ADD(f, ALPINE, "linux/amd64", "alpine");
	assert_int_equal(unlinkat(f->store.blobs_fd, digest_hex(&gone), 0), 0);
	assert_int_equal(store_put_blob(&f->store, &damaged, "{\"config\"", 9, &f->err), 0);
	absent(f, DEBIAN, "linux/amd64");
	assert_int_equal(find(f, DEBIAN, "linux/arm64", &image), -EBADMSG);
	listed(f, ALPINE " linux/amd64\n");
}

static void a_damaged_index_is_an_error_that_names_it(void **state)
{
	struct fixture *f = *state;
	static const char *const texts[] = { "", "{", "[]", "{\"manifests\": 5}", "{\"manifests\": [{\"digest\": \"../x\", \"size\": 1}]}" };
	struct image image = { 0 };
	cleanup_images struct images images = { 0 };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		assert_int_equal(fd_publish_file(f->dir_fd, "index.json", texts[i], strlen(texts[i]), 0644, &f->err), 0);
		assert_int_equal(find(f, DEBIAN, "linux/amd64", &image), -EBADMSG);
		assert_true(str_starts(f->err.text, "the store's index.json: "));
		assert_int_equal(store_list_images(&f->store, &images, &f->err), -EBADMSG);
		assert_int_equal(store_remove_image(&f->store, DEBIAN, NULL, &f->err), -EBADMSG);
	}
}

/* Removing. */

static void removing_takes_all_of_a_reference_or_one_platform(void **state)
{
	struct fixture *f = *state;
	struct platform arm64 = platform("linux/arm64");
	ADD(f, DEBIAN, "linux/amd64", "amd64");
	ADD(f, DEBIAN, "linux/arm64/v8", "arm64");
	ADD(f, DEBIAN, "linux/riscv64", "riscv64");
	ADD(f, ALPINE, "linux/amd64", "alpine");
	assert_int_equal(store_remove_image(&f->store, DEBIAN, &arm64, &f->err), 1);
	listed(f, DEBIAN " linux/amd64\n" DEBIAN " linux/riscv64\n" ALPINE " linux/amd64\n");
	assert_int_equal(store_remove_image(&f->store, DEBIAN, NULL, &f->err), 2);
	listed(f, ALPINE " linux/amd64\n");
}

static void removing_an_older_arm_needs_its_own_name(void **state)
{
	struct fixture *f = *state;
	struct platform seven = platform("linux/arm/v7"), six = platform("linux/arm/v6");
	ADD(f, DEBIAN, "linux/arm/v6", "v6");
	assert_int_equal(store_remove_image(&f->store, DEBIAN, &seven, &f->err), -ENOENT);
	assert_int_equal(store_remove_image(&f->store, DEBIAN, &six, &f->err), 1);
}

static void removing_what_is_not_there_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct platform arm64 = platform("linux/arm64");
	ADD(f, DEBIAN, "linux/amd64", "base");
	assert_int_equal(store_remove_image(&f->store, ALPINE, NULL, &f->err), -ENOENT);
	assert_string_equal(f->err.text, ALPINE " is not in the store");
	assert_int_equal(store_remove_image(&f->store, DEBIAN, &arm64, &f->err), -ENOENT);
	found(f, DEBIAN, "linux/amd64", "linux/amd64");
}

static void what_no_image_uses_any_more_is_deleted_and_nothing_else(void **state)
{
	struct fixture *f = *state;
	ADD(f, DEBIAN, "linux/amd64", "shared", "debian only");
	ADD(f, ALPINE, "linux/amd64", "shared", "alpine only");
	assert_int_equal(store_remove_image(&f->store, DEBIAN, NULL, &f->err), 1);
	assert_true(has_layer(f, "shared") && has_blob(f, "shared"));
	assert_false(has_layer(f, "debian only") || has_blob(f, "debian only"));
	found(f, ALPINE, "linux/amd64", "linux/amd64");
	assert_int_equal(store_remove_image(&f->store, ALPINE, NULL, &f->err), 1);
	assert_int_equal(count_entries(f, "layers"), 0);
	assert_int_equal(count_entries(f, "blobs/sha256"), 0);
}

static void the_replaced_image_is_deleted_with_the_next_removal(void **state)
{
	struct fixture *f = *state;
	ADD(f, DEBIAN, "linux/amd64", "old");
	ADD(f, DEBIAN, "linux/amd64", "new");
	ADD(f, ALPINE, "linux/amd64", "alpine");
	assert_true(has_layer(f, "old"));
	assert_int_equal(store_remove_image(&f->store, ALPINE, NULL, &f->err), 1);
	assert_false(has_layer(f, "old") || has_blob(f, "old"));
	found(f, DEBIAN, "linux/amd64", "linux/amd64");
}

static void nothing_is_deleted_while_somebody_else_has_the_store_open(void **state)
{
	struct fixture *f = *state;
	struct store other = STORE_CLOSED;
	ADD(f, DEBIAN, "linux/amd64", "base");
	ADD(f, ALPINE, "linux/amd64", "alpine");
	assert_int_equal(store_open(&other, f->dir_fd, false, &f->err), 0);
	assert_int_equal(store_remove_image(&f->store, DEBIAN, NULL, &f->err), 1);
	absent(f, DEBIAN, "linux/amd64");
	assert_true(has_layer(f, "base") && has_blob(f, "base"));
	store_close(&other);
	assert_int_equal(store_remove_image(&f->store, ALPINE, NULL, &f->err), 1);
	assert_false(has_layer(f, "base") || has_blob(f, "base"));
}

static void a_removal_that_had_to_leave_things_still_holds_the_store_open(void **state)
{
	struct fixture *f = *state;
	struct store other = STORE_CLOSED;
	ADD(f, DEBIAN, "linux/amd64", "base");
	ADD(f, ALPINE, "linux/amd64", "alpine");
	assert_int_equal(store_open(&other, f->dir_fd, false, &f->err), 0);
	assert_int_equal(store_remove_image(&f->store, DEBIAN, NULL, &f->err), 1);
	assert_int_equal(store_remove_image(&other, ALPINE, NULL, &f->err), 1);
	assert_true(has_layer(f, "base") && has_layer(f, "alpine"));
	store_close(&other);
}

static void after_deleting_the_store_is_open_to_others_again(void **state)
{
	struct fixture *f = *state;
	struct store other = STORE_CLOSED;
	ADD(f, DEBIAN, "linux/amd64", "base");
	assert_int_equal(store_remove_image(&f->store, DEBIAN, NULL, &f->err), 1);
	cleanup_fd int fd = openat(f->dir_fd, "in-use", O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_SH | LOCK_NB), 0); /* store_open would wait for ever */
	assert_int_equal(store_open(&other, f->dir_fd, false, &f->err), 0);
	store_close(&other);
}

static void nothing_is_deleted_where_another_tool_nested_an_index(void **state)
{
	struct fixture *f = *state;
	char name[] = "nested";
	ADD(f, DEBIAN, "linux/amd64", "base");
	struct descriptor nested = { .media_type = MEDIA_INDEX, .digest = put(f, "{\"schemaVersion\": 2, \"manifests\": []}"),
		.reference = name };
	assert_int_equal(store_tag_image(&f->store, &nested, &f->err), 0);
	listed(f, DEBIAN " linux/amd64\n");
	assert_int_equal(store_remove_image(&f->store, DEBIAN, NULL, &f->err), 1);
	assert_true(has_layer(f, "base") && has_blob(f, "base"));
	assert_int_equal(store_remove_image(&f->store, name, NULL, &f->err), 1);
	assert_false(has_layer(f, "base") || has_blob(f, "base"));
}

/* Interrupted pulls, and several at once. */

static void an_image_without_a_name_is_neither_listed_nor_found(void **state)
{
	struct fixture *f = *state;
	static const char *const layers[] = { "base", "top", NULL };
	struct platform p = platform("linux/amd64");
	struct made made = make_image(f, &p, layers);
	free(made.names);
	listed(f, "");
	absent(f, DEBIAN, "linux/amd64");
	absent(f, "", "linux/amd64");
}

static void what_an_interrupted_pull_left_is_deleted_with_the_next_removal(void **state)
{
	struct fixture *f = *state;
	static const char *const layers[] = { "base", "left over", NULL };
	struct platform p = platform("linux/arm64");
	ADD(f, DEBIAN, "linux/amd64", "base");
	ADD(f, ALPINE, "linux/amd64", "alpine");
	free(make_image(f, &p, layers).names);
	assert_int_equal(store_remove_image(&f->store, ALPINE, NULL, &f->err), 1);
	assert_false(has_layer(f, "left over") || has_blob(f, "left over"));
	found(f, DEBIAN, "linux/amd64", "linux/amd64");
}

static void cleaning_takes_what_interrupted_pulls_left_and_nothing_else(void **state)
{
	struct fixture *f = *state;
	struct store other = STORE_CLOSED;
	struct store_freed freed = { 0 };
	static const char *const layers[] = { "base", "left over", NULL };
	struct platform p = platform("linux/arm64");
	ADD(f, DEBIAN, "linux/amd64", "base");
	free(make_image(f, &p, layers).names);
	assert_int_equal(store_open(&other, f->dir_fd, false, &f->err), 0);
	assert_int_equal(store_clean(&f->store, &freed, &f->err), 0);
	assert_true(freed.is_busy && has_layer(f, "left over") && has_blob(f, "left over"));
	store_close(&other);
	assert_int_equal(store_clean(&f->store, &freed, &f->err), 0);
	assert_true(!freed.is_busy && freed.layers == 1 && freed.blobs == 3 && freed.bytes > 0);
	assert_false(has_layer(f, "left over") || has_blob(f, "left over"));
	found(f, DEBIAN, "linux/amd64", "linux/amd64");
}

/* What a container's config.json looks like from here. */
static void make_container(struct fixture *f, const char *id, const char *layer)
{
	struct digest name = digest_text(layer);
	cleanup_free char *path = str_fmt("containers/%s", id);
	cleanup_free char *config = str_fmt("{\"annotations\": {\"xrun.layers\": \"%s\"}}", digest_hex(&name));
	assert_true(mkdirat(f->dir_fd, "containers", 0700) == 0 || errno == EEXIST);
	assert_int_equal(mkdirat(f->dir_fd, path, 0700), 0);
	cleanup_fd int fd = openat(f->dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(fd_publish_file(fd, "config.json", config, strlen(config), 0600, &f->err), 0);
}

static void a_stopped_containers_layers_stay_when_their_image_goes(void **state)
{
	struct fixture *f = *state;
	struct store_freed freed = { 0 };
	ADD(f, DEBIAN, "linux/amd64", "base", "upper");
	make_container(f, "stopped", "base");
	assert_int_equal(store_remove_image(&f->store, DEBIAN, NULL, &f->err), 1);
	assert_true(has_layer(f, "base"));
	assert_false(has_layer(f, "upper") || has_blob(f, "base"));
	assert_int_equal(fd_remove_tree(f->dir_fd, "containers", &f->err), 0);
	assert_int_equal(store_clean(&f->store, &freed, &f->err), 0);
	assert_int_equal(freed.layers, 1);
	assert_false(has_layer(f, "base"));
}

static void nothing_is_removed_when_a_container_cannot_be_read(void **state)
{
	struct fixture *f = *state;
	ADD(f, DEBIAN, "linux/amd64", "base");
	make_container(f, "stopped", "base");
	cleanup_fd int fd = openat(f->dir_fd, "containers/stopped/config.json", O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_int_equal(fd_write_all(fd, "{", 1), 0);
	assert_true(store_remove_image(&f->store, DEBIAN, NULL, &f->err) < 0);
	assert_true(strstr(f->err.text, "container stopped") && has_layer(f, "base"));
}

static void staging_is_reclaimed_when_its_owner_is_gone(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(mkdirat(f->store.staging_fd, "left", 0700), 0);
	assert_int_equal(mkdirat(f->store.staging_fd, "left/root", 0), 0);
	assert_int_equal(mkdirat(f->store.staging_fd, "held", 0700), 0);
	int owner_fd = openat(f->store.staging_fd, "held", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(flock(owner_fd, LOCK_EX), 0);
	assert_int_equal(store_reclaim_staging(&f->store, &f->err), 0);
	assert_int_equal(faccessat(f->store.staging_fd, "left", F_OK, 0), -1);
	assert_int_equal(faccessat(f->store.staging_fd, "held", F_OK, 0), 0);
	close(owner_fd);
	assert_int_equal(store_reclaim_staging(&f->store, &f->err), 0);
	assert_int_equal(count_entries(f, "staging"), 0);
}

enum { WRITERS = 4, NAMES = 10 };

static int name_many(const struct fixture *f, int writer, const struct digest *manifest)
{
	struct store store = STORE_CLOSED;
	struct err err = { 0 };
	int r = store_open(&store, f->dir_fd, false, &err);
	for (int i = 0; r == 0 && i < NAMES; i++) {
		char reference[64];
		snprintf(reference, sizeof reference, "docker.io/library/writer%d:%d", writer, i);
		struct descriptor entry = { .media_type = MEDIA_MANIFEST, .digest = *manifest, .size = 1, .reference = reference };
		r = store_tag_image(&store, &entry, &err);
	}
	store_close(&store);
	return r;
}

static void names_given_at_the_same_time_are_all_kept(void **state)
{
	struct fixture *f = *state;
	struct digest manifest = ADD(f, DEBIAN, "linux/amd64", "base");
	cleanup_images struct images images = { 0 };
	pid_t writers[WRITERS];
	for (int i = 0; i < WRITERS; i++) {
		writers[i] = fork();
		assert_true(writers[i] >= 0);
		if (writers[i] == 0)
			_exit(name_many(f, i, &manifest) == 0 ? 0 : 1);
	}
	for (int i = 0; i < WRITERS; i++) {
		int status;
		assert_int_equal(waitpid(writers[i], &status, 0), writers[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(store_list_images(&f->store, &images, &f->err), 0);
	assert_int_equal(images.count, 1 + WRITERS * NAMES);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_new_store_is_an_image_layout_without_images),
		test(opening_it_again_keeps_what_is_there),
		test(what_is_not_there_is_only_made_when_asked_for),
		test(a_part_that_is_a_symlink_is_refused),
		test(closing_twice_does_no_harm),
		test(a_blob_comes_back_as_it_went_in),
		test(only_a_file_is_a_blob_and_only_a_directory_a_layer),
		test(an_image_is_found_with_all_that_is_known_of_it),
		test(another_reference_or_platform_is_not_found),
		test(images_of_several_platforms_share_a_reference),
		test(the_best_platform_is_found_in_whatever_order_they_came),
		test(the_usual_variant_is_the_same_platform_written_or_not),
		test(naming_replaces_the_same_reference_and_platform_only),
		test(an_image_without_layers_is_an_image),
		test(an_image_that_is_not_unpacked_is_listed_but_not_found),
		test(names_of_layers_are_checked_before_they_are_used),
		test(an_image_whose_layer_is_gone_is_not_found),
		test(an_image_whose_manifest_is_gone_or_damaged_is_left_out),
		test(a_damaged_index_is_an_error_that_names_it),
		test(removing_takes_all_of_a_reference_or_one_platform),
		test(removing_an_older_arm_needs_its_own_name),
		test(removing_what_is_not_there_changes_nothing),
		test(what_no_image_uses_any_more_is_deleted_and_nothing_else),
		test(the_replaced_image_is_deleted_with_the_next_removal),
		test(nothing_is_deleted_while_somebody_else_has_the_store_open),
		test(a_removal_that_had_to_leave_things_still_holds_the_store_open),
		test(after_deleting_the_store_is_open_to_others_again),
		test(nothing_is_deleted_where_another_tool_nested_an_index),
		test(an_image_without_a_name_is_neither_listed_nor_found),
		test(what_an_interrupted_pull_left_is_deleted_with_the_next_removal),
		test(cleaning_takes_what_interrupted_pulls_left_and_nothing_else),
		test(a_stopped_containers_layers_stay_when_their_image_goes),
		test(nothing_is_removed_when_a_container_cannot_be_read),
		test(staging_is_reclaimed_when_its_owner_is_gone),
		test(names_given_at_the_same_time_are_all_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
