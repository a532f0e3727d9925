/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_json.c: indexes, manifests, configurations and tokens, each read as all of them. */
#include "registry/json.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DESCRIPTOR "{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"sha256:" HEX "\",\"size\":12}"

/* The first byte is the number of layers that a configuration is to have. */
const unsigned fuzz_rounds = 10000;
FUZZ_SEEDS(SEED("\0{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_INDEX "\",\"manifests\":[{\"mediaType\":\"" MEDIA_MANIFEST "\","
		"\"digest\":\"sha256:" HEX "\",\"size\":7143,\"platform\":{\"architecture\":\"arm\",\"os\":\"linux\",\"variant\":\"v7\"},"
		"\"annotations\":{\"org.opencontainers.image.ref.name\":\"docker.io/library/a:b\",\"xrun.layers\":\"" HEX "," HEX "\"}}]}"),
	SEED("\0{\"schemaVersion\":2,\"manifests\":[]}"), SEED("\0{\"schemaVersion\":1,\"fsLayers\":[]}"),
	SEED("\1{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_MANIFEST "\",\"config\":" DESCRIPTOR ",\"layers\":[" DESCRIPTOR "]}"),
	SEED("\2{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_DOCKER_MANIFEST "\",\"config\":" DESCRIPTOR ",\"layers\":[" DESCRIPTOR
	     "," DESCRIPTOR "]}"),
	SEED("\1{\"architecture\":\"arm64\",\"os\":\"linux\",\"variant\":\"v8\",\"created\":\"2024-01-01T00:00:00Z\",\"config\":{"
	     "\"User\":\"app:staff\",\"Env\":[\"PATH=/bin\",\"A=\"],\"Entrypoint\":[\"/init\"],\"Cmd\":[\"sh\",\"-c\",\"\\u00e9\"],"
	     "\"WorkingDir\":\"/w\",\"Labels\":{\"a\":\"b\",\"c\":1},\"Volumes\":{\"/v\":{}},\"StopSignal\":\"SIGTERM\"},"
	     "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:" HEX "\"]}}"),
	SEED("\0{\"architecture\":\"386\",\"os\":\"linux\",\"config\":null,\"rootfs\":{\"diff_ids\":[]}}"),
	SEED("\0{\"token\":\"abc\",\"access_token\":\"def\"}"), SEED("\0{\"access_token\":null}"))

static void check_result(int r, const struct err *err)
{
	CHECK(r <= 0 && r == err->code && (r == 0 || *err->text));
}

/* What the store writes of an index into its own. */
static void check_same(const struct descriptor *a, const struct descriptor *b)
{
	CHECK(a->size >= 0 && a->size == b->size && digest_equal(&a->digest, &b->digest) && str_eq(a->media_type, b->media_type));
	CHECK(str_eq(a->reference, b->reference) && str_eq(a->layer_names, b->layer_names));
	if (*a->platform.os)
		CHECK(str_eq(platform_text(&a->platform).text, platform_text(&b->platform).text));
}

static void try_index(const char *text, size_t len)
{
	struct err err = { 0 };
	struct index index, again;
	int r = json_read_index(text, len, &index, &err);
	check_result(r, &err);
	if (r < 0)
		return;
	cleanup_free char *written = json_write_index(&index);
	CHECK(json_read_index(written, strlen(written), &again, &err) == 0);
	CHECK(index.count == again.count);
	for (size_t i = 0; i < index.count; i++)
		check_same(&index.entries[i], &again.entries[i]);
	index_done(&index);
	index_done(&again);
}

static void try_manifest(const char *text, size_t len)
{
	struct err err = { 0 };
	struct manifest manifest;
	struct digest digest;
	int r = json_read_manifest(text, len, &manifest, &err);
	check_result(r, &err);
	if (r < 0)
		return;
	CHECK(manifest.layer_count <= JSON_MAX_LAYERS && manifest.config.size >= 0 && manifest.config.size <= JSON_LIMIT);
	CHECK(digest_parse(manifest.config.digest.text, &digest));
	for (size_t i = 0; i < manifest.layer_count; i++)
		CHECK(digest_parse(manifest.layers[i].digest.text, &digest) && manifest.layers[i].size >= 0);
	manifest_done(&manifest);
}

static void check_list(const struct strv *list)
{
	for (size_t i = 0; i < list->len; i++)
		CHECK(list->items[i]);
	CHECK(!list->items || !list->items[list->len]);
}

static void try_config(const char *text, size_t len, size_t layers)
{
	struct err err = { 0 };
	struct image image;
	struct digest digest;
	struct descriptor descriptors[4] = { { .size = 1 }, { .size = 10 }, { .size = 100 }, { .size = 1000 } };
	struct manifest manifest = { .config.size = 5, .layers = descriptors, .layer_count = layers };
	int r = json_read_config(text, len, &manifest, &image, &err);
	check_result(r, &err);
	if (r < 0)
		return;
	static const int64_t sizes[] = { 5, 6, 16, 116 };
	CHECK(image.layer_count == layers && image.size == sizes[layers]);
	for (size_t i = 0; i < layers; i++)
		CHECK(digest_parse(image.layers[i].diff_id.text, &digest));
	CHECK(*image.platform.os && *image.platform.arch);
	CHECK(image.created && image.user && image.working_dir && image.stop_signal);
	check_list(&image.entrypoint);
	check_list(&image.cmd);
	check_list(&image.env);
	check_list(&image.volumes);
	check_list(&image.labels);
	image_done(&image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { 0 };
	enum document kind;
	size_t layers = fuzz_byte(&data, &size) % 4;
	const char *text = (const char *)data;
	check_result(json_document_kind(text, size, NULL, &kind, &err), &err);
	try_index(text, size);
	try_manifest(text, size);
	try_config(text, size, layers);
	int64_t seconds = 0;
	free(json_read_token(text, size, &seconds));
	CHECK(seconds >= 0);
	return 0;
}
