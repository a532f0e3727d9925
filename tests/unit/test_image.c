/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_image.c: what registries and images say of themselves in JSON, and which platform's image is chosen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "registry/json.h"

#include <errno.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define A "sha256:" HEX_A
#define B "sha256:" HEX_B

#define CONFIG "{'mediaType': 'application/vnd.oci.image.config.v1+json', 'digest': '" A "', 'size': 7}"
#define LAYER "{'mediaType': 'application/vnd.oci.image.layer.v1.tar+gzip', 'digest': '" B "', 'size': 9}"

/* JSON with ' for ", which is easier to read here. */
static char *json(const char *text)
{
	char *copy = str_dup(text);
	for (char *c = copy; *c; c++)
		if (*c == '\'')
			*c = '"';
	return copy;
}

static char *repeat(const char *text, size_t count)
{
	struct buf all = { 0 };
	for (size_t i = 0; i < count; i++)
		buf_str(&all, text);
	return buf_take(&all);
}

static void check_refusal(int r, const struct err *err, int code, const char *why, const char *text)
{
	if (r >= 0)
		fail_msg("accepted: %.200s", text);
	assert_int_equal(r, code);
	assert_int_equal(err->code, code);
	if (!strstr(err->text, why))
		fail_msg("the message does not say %s: %s", why, err->text);
}

/* Texts that are no JSON object, for every reader. */

static const char *const junk[] = { "", " ", "{", "}", "{}}", "{'a'}", "[]", "null", "true", "1", "'text'", "<html></html>",
	"{'a': 1,}", "{a: 1}", "{'a': nan}", "{'a': 1e999}", "{'a': 99999999999999999999}", "{'a': '\xff'}", "{'a': '\\ud800'}",
	"{'a': '\\u0000'}", "{'a': 1, 'a': 2}", "{'a': 1} {'b': 2}", "\xef\xbb\xbf{}" };

/* Platforms. */

static struct platform platform(const char *text)
{
	struct platform p = { "?", "?", "?" };
	if (!platform_parse(text, &p))
		fail_msg("%s is not taken for a platform", text);
	return p;
}

static int score(const char *have, const char *want)
{
	struct platform h = platform(have), w = platform(want);
	return platform_score(&h, &w);
}

static void a_platform_is_written_as_it_is_read(void **state)
{
	(void)state;
	static const char *const texts[] = { "linux/amd64", "linux/arm/v7", "windows/amd64", "linux/arm64/v8" };
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct platform p = platform(texts[i]);
		assert_string_equal(platform_text(&p).text, texts[i]);
	}
}

static void an_architecture_alone_is_a_linux_one(void **state)
{
	(void)state;
	struct platform p = platform("riscv64");
	assert_string_equal(platform_text(&p).text, "linux/riscv64");
}

static void malformed_platforms_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "/", "linux/", "/amd64", "linux//v8", "linux/arm/", "linux/arm/v7/x", "linux/arm/v7/",
		"linux/arm/v789012345678901", "01234567890123456789012345678901", "01234567890123456789012345678901/amd64" };
	struct platform p = { "a", "b", "c" };
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(platform_parse(bad[i], &p));
	assert_string_equal(platform_text(&p).text, "a/b/c");
}

static void os_and_architecture_must_be_the_same(void **state)
{
	(void)state;
	assert_true(score("linux/amd64", "linux/amd64") > 0);
	assert_int_equal(score("linux/arm64", "linux/amd64"), 0);
	assert_int_equal(score("linux/arm", "linux/arm64"), 0);
	assert_int_equal(score("windows/amd64", "linux/amd64"), 0);
	struct platform none = { 0 }, unknown = platform("unknown/unknown"), want = platform("linux/amd64");
	assert_int_equal(platform_score(&none, &want), 0);
	assert_int_equal(platform_score(&unknown, &want), 0);
}

static void a_missing_variant_is_the_usual_one(void **state)
{
	(void)state;
	assert_int_equal(score("linux/arm64", "linux/arm64/v8"), score("linux/arm64/v8", "linux/arm64/v8"));
	assert_int_equal(score("linux/arm64/v8", "linux/arm64"), score("linux/arm64", "linux/arm64"));
	assert_int_equal(score("linux/amd64/v1", "linux/amd64"), score("linux/amd64", "linux/amd64"));
	assert_int_equal(score("linux/arm", "linux/arm/v7"), score("linux/arm/v7", "linux/arm"));
	assert_int_equal(score("linux/amd64/v3", "linux/amd64"), 0);
}

static void other_names_of_an_architecture_are_understood(void **state)
{
	(void)state;
	static const char *const texts[][2] = { { "linux/x86_64", "linux/amd64" }, { "linux/aarch64", "linux/arm64" },
		{ "linux/arm64/8", "linux/arm64/v8" }, { "linux/armhf", "linux/arm/v7" }, { "linux/armhf/v6", "linux/arm/v6" },
		{ "linux/arm/7", "linux/arm/v7" }, { "linux/ppc64el", "linux/ppc64le" }, { "linux/sparc64/7", "linux/sparc64/7" } };
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct platform p = platform(texts[i][0]);
		platform_normalise(&p);
		assert_string_equal(platform_text(&p).text, texts[i][1]);
	}
}

static void a_newer_arm_runs_older_ones_the_newest_first(void **state)
{
	(void)state;
	assert_true(score("linux/arm/v7", "linux/arm/v7") > score("linux/arm/v6", "linux/arm/v7"));
	assert_true(score("linux/arm/v6", "linux/arm/v7") > score("linux/arm/v5", "linux/arm/v7"));
	assert_true(score("linux/arm/v5", "linux/arm/v7") > 0);
	assert_true(score("linux/arm/v5", "linux/arm/v6") > 0);
	assert_int_equal(score("linux/arm/v7", "linux/arm/v6"), 0);
	assert_int_equal(score("linux/arm/v4", "linux/arm/v7"), 0);
	assert_int_equal(score("linux/arm/v66", "linux/arm/v7"), 0);
	assert_int_equal(score("linux/arm64/v7", "linux/arm64/v8"), 0);
}

/* What kind of document it is. */

static int kind_of(const char *text, const char *content_type, struct err *err)
{
	cleanup_free char *document = json(text);
	enum document kind = 0;
	int r = json_document_kind(document, strlen(document), content_type, &kind, err);
	return r < 0 ? r : (int)kind;
}

static void is_kind(const char *text, const char *content_type, enum document want)
{
	struct err err = { 0 };
	if (kind_of(text, content_type, &err) != (int)want)
		fail_msg("%s: %s", text, err.text);
}

static void is_neither(const char *text, const char *content_type, const char *why)
{
	struct err err = { 0 };
	check_refusal(kind_of(text, content_type, &err), &err, -EBADMSG, why, text);
}

static void a_document_says_itself_what_it_is(void **state)
{
	(void)state;
	is_kind("{'schemaVersion': 2, 'mediaType': '" MEDIA_INDEX "', 'manifests': []}", NULL, DOCUMENT_INDEX);
	is_kind("{'schemaVersion': 2, 'mediaType': '" MEDIA_DOCKER_LIST "', 'manifests': []}", NULL, DOCUMENT_INDEX);
	is_kind("{'schemaVersion': 2, 'mediaType': '" MEDIA_MANIFEST "', 'layers': []}", NULL, DOCUMENT_MANIFEST);
	is_kind("{'schemaVersion': 2, 'mediaType': '" MEDIA_DOCKER_MANIFEST "', 'layers': []}", "text/plain", DOCUMENT_MANIFEST);
}

static void without_a_word_its_shape_tells(void **state)
{
	(void)state;
	is_kind("{'schemaVersion': 2, 'manifests': []}", NULL, DOCUMENT_INDEX);
	is_kind("{'schemaVersion': 2, 'manifests': []}", MEDIA_INDEX, DOCUMENT_INDEX);
	is_kind("{'schemaVersion': 2, 'layers': []}", "application/json", DOCUMENT_MANIFEST);
	is_kind("{'schemaVersion': 2, 'mediaType': null, 'layers': []}", "", DOCUMENT_MANIFEST);
}

static void a_document_that_is_not_what_it_says_is_refused(void **state)
{
	(void)state;
	is_neither("{'schemaVersion': 2, 'mediaType': '" MEDIA_INDEX "', 'layers': []}", NULL, "neither");
	is_neither("{'schemaVersion': 2, 'mediaType': '" MEDIA_MANIFEST "', 'manifests': []}", NULL, "neither");
	is_neither("{'schemaVersion': 2, 'layers': []}", MEDIA_DOCKER_LIST, "neither");
	is_neither("{'schemaVersion': 2, 'mediaType': 'application/x-own', 'layers': []}", MEDIA_MANIFEST, "application/x-own");
	is_neither("{'schemaVersion': 2, 'manifests': {}}", MEDIA_INDEX, "neither");
	is_neither("{'schemaVersion': 2, 'mediaType': '" MEDIA_MANIFEST "', 'layers': []}", MEDIA_INDEX, "the registry that it is " MEDIA_INDEX);
	is_neither("{'schemaVersion': 2, 'mediaType': '" MEDIA_DOCKER_LIST "', 'manifests': []}", MEDIA_DOCKER_MANIFEST, "the registry that");
	is_neither("{'schemaVersion': 2}", NULL, "neither");
}

static void a_document_that_is_both_is_refused(void **state)
{
	(void)state;
	is_neither("{'schemaVersion': 2, 'mediaType': '" MEDIA_MANIFEST "', 'manifests': [], 'layers': []}", NULL, "both");
}

static void the_old_manifest_format_is_refused_by_name(void **state)
{
	(void)state;
	is_neither("{'schemaVersion': 1, 'name': 'library/debian', 'fsLayers': []}", NULL, "schema 1");
	is_neither("{'manifests': []}", NULL, "schemaVersion 2");
	is_neither("{'schemaVersion': '2', 'manifests': []}", NULL, "schemaVersion 2");
	is_neither("{'schemaVersion': 2.0, 'manifests': []}", NULL, "schemaVersion 2");
	is_neither("{'schemaVersion': 3, 'manifests': []}", NULL, "schemaVersion 2");
}

static void what_is_no_json_object_is_no_document(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(junk); i++)
		is_neither(junk[i], MEDIA_MANIFEST, "not a JSON object");
}

/* Indexes. */

static int read_index(const char *text, struct index *index, struct err *err)
{
	cleanup_free char *document = json(text);
	return json_read_index(document, strlen(document), index, err);
}

static void index_refused(const char *text, const char *why)
{
	struct index index = { 0 };
	struct err err = { 0 };
	check_refusal(read_index(text, &index, &err), &err, -EBADMSG, why, text);
	assert_null(index.entries);
}

static void an_index_lists_images_with_their_platforms(void **state)
{
	(void)state;
	struct index index = { 0 };
	struct err err = { 0 };
	assert_int_equal(read_index("{'schemaVersion': 2, 'manifests': ["
		"{'mediaType': '" MEDIA_MANIFEST "', 'digest': '" A "', 'size': 5,"
		" 'platform': {'os': 'linux', 'architecture': 'arm', 'variant': 'v7', 'os.version': '1', 'features': ['x']}},"
		"{'digest': '" B "', 'size': 0}]}", &index, &err), 0);
	assert_int_equal(index.count, 2);
	assert_string_equal(index.entries[0].media_type, MEDIA_MANIFEST);
	assert_string_equal(index.entries[0].digest.text, A);
	assert_int_equal(index.entries[0].size, 5);
	assert_string_equal(platform_text(&index.entries[0].platform).text, "linux/arm/v7");
	assert_string_equal(index.entries[1].platform.os, "");
	assert_null(index.entries[1].reference);
	index_done(&index);
	assert_null(index.entries);
}

static void an_index_comes_back_as_it_was_written(void **state)
{
	(void)state;
	char name[] = "docker.io/library/debian:12", layers[] = HEX_A "," HEX_B;
	struct descriptor entries[] = {
		{ .media_type = MEDIA_MANIFEST, .digest = { A }, .size = 1LL << 40, .platform = { "linux", "arm", "v7" }, .reference = name,
			.layer_names = layers },
		{ .media_type = MEDIA_DOCKER_MANIFEST, .digest = { B } },
	};
	struct index written = { entries, 2 }, index = { 0 };
	struct err err = { 0 };
	cleanup_free char *text = json_write_index(&written);
	assert_int_equal(json_read_index(text, strlen(text), &index, &err), 0);
	assert_int_equal(index.count, 2);
	assert_string_equal(index.entries[0].media_type, MEDIA_MANIFEST);
	assert_string_equal(index.entries[0].digest.text, A);
	assert_int_equal(index.entries[0].size, 1LL << 40);
	assert_string_equal(platform_text(&index.entries[0].platform).text, "linux/arm/v7");
	assert_string_equal(index.entries[0].reference, name);
	assert_string_equal(index.entries[0].layer_names, layers);
	assert_string_equal(index.entries[1].platform.os, "");
	assert_null(index.entries[1].reference);
	assert_null(index.entries[1].layer_names);
	index_done(&index);
	enum document kind;
	assert_int_equal(json_document_kind(text, strlen(text), NULL, &kind, &err), 0);
	assert_int_equal(kind, DOCUMENT_INDEX);
}

static void a_platform_that_is_too_long_matches_nothing(void **state)
{
	(void)state;
	struct index index = { 0 };
	struct err err = { 0 };
	cleanup_free char *pad = repeat(" ", 20);
	cleanup_free char *text = str_fmt("{'manifests': [{'digest': '" A "', 'size': 1,"
		" 'platform': {'os': 'linux', 'architecture': 'amd64', 'variant': '%s'}}]}", pad);
	assert_int_equal(read_index(text, &index, &err), 0);
	struct platform want = platform("linux/amd64");
	assert_int_equal(platform_score(&index.entries[0].platform, &want), 0);
	index_done(&index);
}

static void a_malformed_index_is_refused(void **state)
{
	(void)state;
	index_refused("{'manifests': {}}", "no valid list of manifests");
	index_refused("{}", "no valid list of manifests");
	index_refused("{'manifests': [{'digest': '" A "', 'size': 1}, 7]}", "has no digest");
	index_refused("{'manifests': [{'digest': '" A "', 'size': 1, 'annotations': {'org.opencontainers.image.ref.name': 'x'}}, {}]}",
		"has no digest");
	for (size_t i = 0; i < COUNT(junk); i++)
		index_refused(junk[i], "not a JSON object");
}

static void what_an_offer_has_by_another_kind_of_digest_is_passed_over(void **state)
{
	(void)state;
	struct index index = { 0 };
	struct err err = { 0 };
	cleanup_free char *offer = json("{'manifests': [{'digest': 'sha512:" HEX_A HEX_A "', 'size': 1}, {'digest': '" A "', 'size': 2},"
		" {'digest': 'blake3:" HEX_A "', 'size': 3}]}");
	assert_int_equal(json_read_offer(offer, strlen(offer), &index, &err), 0);
	assert_int_equal(index.count, 1);
	assert_int_equal(index.passed_over, 2);
	assert_int_equal(index.entries[0].size, 2);
	index_done(&index);
	check_refusal(json_read_index(offer, strlen(offer), &index, &err), &err, -EBADMSG, "only sha256", offer);
	cleanup_free char *broken = json("{'manifests': [{'digest': 'sha256:abc', 'size': 1}]}");
	check_refusal(json_read_offer(broken, strlen(broken), &index, &err), &err, -EBADMSG, "only sha256", broken);
}

static void an_index_of_absurd_length_is_refused(void **state)
{
	(void)state;
	cleanup_free char *entries = repeat("0,", 10000);
	cleanup_free char *text = str_fmt("{'manifests': [%s0]}", entries);
	index_refused(text, "no valid list of manifests");
}

/* Manifests. */

static int read_manifest(const char *text, struct manifest *manifest, struct err *err)
{
	cleanup_free char *document = json(text);
	return json_read_manifest(document, strlen(document), manifest, err);
}

static void manifest_refused(const char *text, int code, const char *why)
{
	struct manifest manifest = { 0 };
	struct err err = { 0 };
	check_refusal(read_manifest(text, &manifest, &err), &err, code, why, text);
	assert_null(manifest.layers);
}

static void a_manifest_names_its_configuration_and_layers_lowest_first(void **state)
{
	(void)state;
	struct manifest manifest = { 0 };
	struct err err = { 0 };
	assert_int_equal(read_manifest("{'schemaVersion': 2, 'mediaType': '" MEDIA_DOCKER_MANIFEST "', 'config': " CONFIG ", 'layers': ["
		LAYER ", {'mediaType': 'x', 'digest': '" A "', 'size': 0}]}", &manifest, &err), 0);
	assert_string_equal(manifest.media_type, MEDIA_DOCKER_MANIFEST);
	assert_string_equal(manifest.config.digest.text, A);
	assert_int_equal(manifest.config.size, 7);
	assert_int_equal(manifest.layer_count, 2);
	assert_string_equal(manifest.layers[0].digest.text, B);
	assert_string_equal(manifest.layers[0].media_type, "application/vnd.oci.image.layer.v1.tar+gzip");
	assert_int_equal(manifest.layers[0].size, 9);
	assert_string_equal(manifest.layers[1].media_type, "x");
	manifest_done(&manifest);
}

static void a_manifest_without_a_media_type_is_an_oci_one(void **state)
{
	(void)state;
	struct manifest manifest = { 0 };
	struct err err = { 0 };
	assert_int_equal(read_manifest("{'config': " CONFIG ", 'layers': []}", &manifest, &err), 0);
	assert_string_equal(manifest.media_type, MEDIA_MANIFEST);
	assert_int_equal(manifest.layer_count, 0);
	manifest_done(&manifest);
}

static void a_manifest_without_its_parts_is_refused(void **state)
{
	(void)state;
	manifest_refused("{'layers': [" LAYER "]}", -EBADMSG, "configuration");
	manifest_refused("{'config': [], 'layers': []}", -EBADMSG, "configuration");
	manifest_refused("{'config': '" A "', 'layers': []}", -EBADMSG, "configuration");
	manifest_refused("{'config': " CONFIG "}", -EBADMSG, "layers");
	manifest_refused("{'config': " CONFIG ", 'layers': " LAYER "}", -EBADMSG, "layers");
	manifest_refused("{'config': " CONFIG ", 'layers': [null]}", -EBADMSG, "layer");
	manifest_refused("{'config': " CONFIG ", 'layers': [" LAYER ", ['x']]}", -EBADMSG, "layer");
	for (size_t i = 0; i < COUNT(junk); i++)
		manifest_refused(junk[i], -EBADMSG, "not a JSON object");
}

static void sizes_are_whole_numbers(void **state)
{
	(void)state;
	static const char *const bad[] = { "-1", "1.0", "1e3", "'9'", "null", "true", "[]", "{}", "-9223372036854775808" };
	for (size_t i = 0; i < COUNT(bad); i++) {
		cleanup_free char *layer = str_fmt("{'config': " CONFIG ", 'layers': [" LAYER ", {'digest': '" A "', 'size': %s}]}", bad[i]);
		cleanup_free char *config = str_fmt("{'config': {'digest': '" A "', 'size': %s}, 'layers': []}", bad[i]);
		manifest_refused(layer, -EBADMSG, "layer has no valid size");
		manifest_refused(config, -EBADMSG, "configuration has no valid size");
	}
	manifest_refused("{'config': " CONFIG ", 'layers': [{'digest': '" A "'}]}", -EBADMSG, "layer has no valid size");
	manifest_refused("{'config': {'digest': '" A "', 'size': 4194305}, 'layers': []}", -E2BIG, "larger than 4 MiB");
}

static void only_sha256_digests_are_understood(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "sha256:", HEX_A, "sha256:" HEX_A "a", "sha512:" HEX_A HEX_A, "SHA256:" HEX_A, "md5:abc",
		"sha256:../../../../../../../../../../../../../../../../../../../../../x", " " A };
	for (size_t i = 0; i < COUNT(bad); i++) {
		cleanup_free char *layer = str_fmt("{'config': " CONFIG ", 'layers': [{'digest': '%s', 'size': 1}]}", bad[i]);
		cleanup_free char *config = str_fmt("{'config': {'digest': '%s', 'size': 1}, 'layers': []}", bad[i]);
		manifest_refused(layer, -EBADMSG, "layer has the digest");
		manifest_refused(config, -EBADMSG, "configuration has the digest");
	}
	manifest_refused("{'config': {'digest': 5, 'size': 1}, 'layers': []}", -EBADMSG, "no digest");
}

static void a_media_type_has_its_limit(void **state)
{
	(void)state;
	cleanup_free char *type = repeat("t", 128);
	cleanup_free char *text = str_fmt("{'config': " CONFIG ", 'layers': [{'mediaType': '%s', 'digest': '" A "', 'size': 1}]}", type);
	manifest_refused(text, -EBADMSG, "too long a media type");
}

static void more_layers_than_can_be_mounted_are_refused(void **state)
{
	(void)state;
	struct manifest manifest = { 0 };
	struct err err = { 0 };
	cleanup_free char *layers = repeat(LAYER ",", JSON_MAX_LAYERS - 1);
	cleanup_free char *most = str_fmt("{'config': " CONFIG ", 'layers': [%s" LAYER "]}", layers);
	cleanup_free char *more = str_fmt("{'config': " CONFIG ", 'layers': [%s" LAYER "," LAYER "]}", layers);
	assert_int_equal(read_manifest(most, &manifest, &err), 0);
	assert_int_equal(manifest.layer_count, JSON_MAX_LAYERS);
	manifest_done(&manifest);
	manifest_refused(more, -E2BIG, "501 layers");
}

static void deep_nesting_is_refused_and_does_no_harm(void **state)
{
	(void)state;
	cleanup_free char *arrays = repeat("[", 1000000), *objects = repeat("{'a':", 500000);
	cleanup_free char *text = str_fmt("{'config': %s", arrays);
	manifest_refused(text, -EBADMSG, "not a JSON object");
	manifest_refused(objects, -EBADMSG, "not a JSON object");
	index_refused(text, "not a JSON object");
}

static void a_document_over_its_limit_is_not_even_read(void **state)
{
	(void)state;
	cleanup_free char *pad = repeat(" ", JSON_LIMIT);
	cleanup_free char *text = str_fmt("{'config': " CONFIG ", 'layers': []}%s", pad);
	manifest_refused(text, -EBADMSG, "too large");
	index_refused(text, "too large");
}

/* Configurations. */

#define OK_CONFIG "'os': 'linux', 'architecture': 'arm64', 'rootfs': {'type': 'layers', 'diff_ids': ['" A "', '" B "']}"

/* For a manifest of two layers, the upper one of `size` bytes. */
static int read_config_of(const char *size, const char *text, struct image *image, struct err *err)
{
	struct manifest manifest = { 0 };
	cleanup_free char *document = json(text);
	cleanup_free char *two = str_fmt("{'config': " CONFIG ", 'layers': [" LAYER ", {'mediaType': 'x', 'digest': '" A "', 'size': %s}]}",
		size);
	assert_int_equal(read_manifest(two, &manifest, err), 0);
	int r = json_read_config(document, strlen(document), &manifest, image, err);
	manifest_done(&manifest);
	return r;
}

static int read_config(const char *text, struct image *image, struct err *err)
{
	return read_config_of("11", text, image, err);
}

static void config_refused(const char *text, const char *why)
{
	struct image image = { 0 };
	struct err err = { 0 };
	check_refusal(read_config(text, &image, &err), &err, -EBADMSG, why, text);
	assert_null(image.layers);
}

static void a_configuration_says_how_the_image_runs(void **state)
{
	(void)state;
	struct image image = { 0 };
	struct err err = { 0 };
	assert_int_equal(read_config("{" OK_CONFIG ", 'variant': 'v8', 'created': '2024-01-01T00:00:00Z', 'config': {"
		"'User': 'app:staff', 'WorkingDir': '/app', 'StopSignal': 'SIGINT', 'Entrypoint': ['/init', ''], 'Cmd': ['sh', '-c', 'x y'],"
		"'Env': ['PATH=/bin', 'A=b=c'], 'Volumes': {'/data': {}}, 'Labels': {'k': 'v', 'n': 5}, 'ExposedPorts': {'80/tcp': {}},"
		"'Healthcheck': {'Test': ['CMD', 'check'], 'Interval': 5000000000, 'Retries': 4}}}", &image, &err), 0);
	assert_int_equal(image.health.test.len, 2);
	assert_string_equal(image.health.test.items[1], "check");
	assert_int_equal(image.health.interval, 5000000000);
	assert_int_equal(image.health.retries, 4);
	assert_string_equal(platform_text(&image.platform).text, "linux/arm64/v8");
	assert_string_equal(image.created, "2024-01-01T00:00:00Z");
	assert_string_equal(image.user, "app:staff");
	assert_string_equal(image.working_dir, "/app");
	assert_string_equal(image.stop_signal, "SIGINT");
	assert_int_equal(image.entrypoint.len, 2);
	assert_string_equal(image.entrypoint.items[1], "");
	assert_int_equal(image.cmd.len, 3);
	assert_string_equal(image.cmd.items[2], "x y");
	assert_string_equal(strv_env_get(&image.env, "A"), "b=c");
	assert_int_equal(image.volumes.len, 1);
	assert_int_equal(image.exposed.len, 1);
	assert_string_equal(image.exposed.items[0], "80/tcp");
	assert_int_equal(image.labels.len, 1);
	assert_string_equal(image.labels.items[0], "k=v");
	image_done(&image);
}

static void a_configuration_knows_its_layers(void **state)
{
	(void)state;
	struct image image = { 0 };
	struct err err = { 0 };
	assert_int_equal(read_config("{" OK_CONFIG "}", &image, &err), 0);
	assert_int_equal(image.layer_count, 2);
	assert_string_equal(image.layers[0].digest.text, B);
	assert_string_equal(image.layers[0].diff_id.text, A);
	assert_string_equal(image.layers[1].diff_id.text, B);
	assert_string_equal(image.layers[1].media_type, "x");
	assert_string_equal(image.layers[0].name, "");
	assert_int_equal(image.size, 7 + 9 + 11);
	assert_string_equal(image.config.text, A);
	assert_string_equal(image.manifest.text, "");
	image_done(&image);
}

static void what_a_configuration_leaves_out_is_empty(void **state)
{
	(void)state;
	static const char *const texts[] = { "{" OK_CONFIG "}", "{" OK_CONFIG ", 'config': null, 'created': null}",
		"{" OK_CONFIG ", 'config': {'Entrypoint': null, 'Cmd': [], 'Env': null, 'Labels': null, 'Volumes': null, 'User': null}}",
		"{" OK_CONFIG ", 'config': {'Labels': [], 'Volumes': 'x', 'User': 5, 'WorkingDir': {}}, 'created': 5}" };
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct image image = { 0 };
		struct err err = { 0 };
		assert_int_equal(read_config(texts[i], &image, &err), 0);
		assert_string_equal(image.user, "");
		assert_string_equal(image.working_dir, "");
		assert_string_equal(image.stop_signal, "");
		assert_string_equal(image.created, "");
		assert_int_equal(image.entrypoint.len + image.cmd.len + image.env.len + image.labels.len + image.volumes.len, 0);
		image_done(&image);
	}
}

static void lists_must_be_lists_of_strings(void **state)
{
	(void)state;
	static const char *const keys[] = { "Entrypoint", "Cmd", "Env" };
	static const char *const bad[] = { "'sh'", "{}", "5", "true" }, *const holds[] = { "[5]", "['a', null]", "[['a']]" };
	for (size_t i = 0; i < COUNT(keys); i++) {
		for (size_t j = 0; j < COUNT(bad); j++) {
			cleanup_free char *text = str_fmt("{" OK_CONFIG ", 'config': {'%s': %s}}", keys[i], bad[j]);
			cleanup_free char *why = str_fmt("%s is not a list", keys[i]);
			config_refused(text, why);
		}
		for (size_t j = 0; j < COUNT(holds); j++) {
			cleanup_free char *text = str_fmt("{" OK_CONFIG ", 'config': {'%s': %s}}", keys[i], holds[j]);
			cleanup_free char *why = str_fmt("%s holds something other than strings", keys[i]);
			config_refused(text, why);
		}
	}
}

static void lists_have_an_end(void **state)
{
	(void)state;
	struct image image = { 0 };
	struct err err = { 0 };
	cleanup_free char *most = repeat("'a', ", 9999), *more = repeat("'a', ", 10000);
	cleanup_free char *good = str_fmt("{" OK_CONFIG ", 'config': {'Env': [%s'a']}}", most);
	cleanup_free char *bad = str_fmt("{" OK_CONFIG ", 'config': {'Env': [%s'a']}}", more);
	assert_int_equal(read_config(good, &image, &err), 0);
	assert_int_equal(image.env.len, 10000);
	image_done(&image);
	config_refused(bad, "Env has 10001 entries");
}

static void objects_have_an_end(void **state)
{
	(void)state;
	static const char *const keys[] = { "Labels", "Volumes", "ExposedPorts" };
	cleanup_buf struct buf members = { 0 };
	for (int i = 0; i < 10001; i++)
		buf_fmt(&members, "%s'%d': ''", i ? ", " : "", i);
	for (size_t i = 0; i < COUNT(keys); i++) {
		cleanup_free char *text = str_fmt("{" OK_CONFIG ", 'config': {'%s': {%s}}}", keys[i], members.data);
		cleanup_free char *why = str_fmt("%s has 10001 entries", keys[i]);
		config_refused(text, why);
	}
}

static void each_layer_has_its_diff_id(void **state)
{
	(void)state;
	config_refused("{'os': 'linux', 'architecture': 'arm64'}", "names 0 layers, its manifest 2");
	config_refused("{'os': 'linux', 'architecture': 'arm64', 'rootfs': {'diff_ids': ['" A "']}}", "names 1 layers, its manifest 2");
	config_refused("{'os': 'linux', 'architecture': 'arm64', 'rootfs': {'diff_ids': ['" A "', '" A "', '" A "']}}", "names 3 layers");
	config_refused("{'os': 'linux', 'architecture': 'arm64', 'rootfs': {'diff_ids': '" A "'}}", "names 0 layers");
	config_refused("{'os': 'linux', 'architecture': 'arm64', 'rootfs': {'diff_ids': ['" A "', 'sha256:x']}}",
		"invalid diff id for layer 2");
	config_refused("{'os': 'linux', 'architecture': 'arm64', 'rootfs': {'diff_ids': [null, '" A "']}}", "invalid diff id for layer 1");
}

static void layers_of_a_size_that_none_has_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = { "68719476737", "9223372036854775807" };
	struct image image = { 0 };
	struct err err = { 0 };
	assert_int_equal(read_config_of("68719476736", "{" OK_CONFIG "}", &image, &err), 0);
	assert_int_equal(image.size, 7 + 9 + (64LL << 30));
	image_done(&image);
	for (size_t i = 0; i < COUNT(bad); i++) {
		check_refusal(read_config_of(bad[i], "{" OK_CONFIG "}", &image, &err), &err, -EFBIG, bad[i], "a huge layer");
		assert_null(image.layers);
	}
}

static void a_configuration_without_a_platform_is_none_of_a_container_image(void **state)
{
	(void)state;
	config_refused("{'architecture': 'arm64', 'os': '', 'rootfs': {'diff_ids': ['" A "', '" B "']}}", "no platform");
	config_refused("{'os': 'linux', 'rootfs': {'diff_ids': ['" A "', '" B "']}}", "no platform");
	config_refused("{'os': 1, 'architecture': [], 'rootfs': {'diff_ids': ['" A "', '" B "']}}", "no platform");
	for (size_t i = 0; i < COUNT(junk); i++)
		config_refused(junk[i], "not a JSON object");
}

static void a_configuration_that_names_no_system_is_for_linux(void **state)
{
	(void)state;
	struct err err = { 0 };
	struct image image = { 0 };
	struct manifest manifest = { 0 };
	cleanup_free char *text = json("{'architecture': 'arm64', 'rootfs': {'type': 'layers', 'diff_ids': []}}");
	assert_int_equal(json_read_config(text, strlen(text), &manifest, &image, &err), 0);
	assert_string_equal(platform_text(&image.platform).text, "linux/arm64");
	image_done(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_platform_is_written_as_it_is_read),
		cmocka_unit_test(an_architecture_alone_is_a_linux_one),
		cmocka_unit_test(malformed_platforms_are_refused),
		cmocka_unit_test(os_and_architecture_must_be_the_same),
		cmocka_unit_test(a_missing_variant_is_the_usual_one),
		cmocka_unit_test(other_names_of_an_architecture_are_understood),
		cmocka_unit_test(a_newer_arm_runs_older_ones_the_newest_first),
		cmocka_unit_test(a_document_says_itself_what_it_is),
		cmocka_unit_test(without_a_word_its_shape_tells),
		cmocka_unit_test(a_document_that_is_not_what_it_says_is_refused),
		cmocka_unit_test(a_document_that_is_both_is_refused),
		cmocka_unit_test(the_old_manifest_format_is_refused_by_name),
		cmocka_unit_test(what_is_no_json_object_is_no_document),
		cmocka_unit_test(an_index_lists_images_with_their_platforms),
		cmocka_unit_test(an_index_comes_back_as_it_was_written),
		cmocka_unit_test(a_platform_that_is_too_long_matches_nothing),
		cmocka_unit_test(a_malformed_index_is_refused),
		cmocka_unit_test(what_an_offer_has_by_another_kind_of_digest_is_passed_over),
		cmocka_unit_test(an_index_of_absurd_length_is_refused),
		cmocka_unit_test(a_manifest_names_its_configuration_and_layers_lowest_first),
		cmocka_unit_test(a_manifest_without_a_media_type_is_an_oci_one),
		cmocka_unit_test(a_manifest_without_its_parts_is_refused),
		cmocka_unit_test(sizes_are_whole_numbers),
		cmocka_unit_test(only_sha256_digests_are_understood),
		cmocka_unit_test(a_media_type_has_its_limit),
		cmocka_unit_test(more_layers_than_can_be_mounted_are_refused),
		cmocka_unit_test(deep_nesting_is_refused_and_does_no_harm),
		cmocka_unit_test(a_document_over_its_limit_is_not_even_read),
		cmocka_unit_test(a_configuration_says_how_the_image_runs),
		cmocka_unit_test(a_configuration_knows_its_layers),
		cmocka_unit_test(what_a_configuration_leaves_out_is_empty),
		cmocka_unit_test(lists_must_be_lists_of_strings),
		cmocka_unit_test(lists_have_an_end),
		cmocka_unit_test(objects_have_an_end),
		cmocka_unit_test(each_layer_has_its_diff_id),
		cmocka_unit_test(layers_of_a_size_that_none_has_are_refused),
		cmocka_unit_test(a_configuration_without_a_platform_is_none_of_a_container_image),
		cmocka_unit_test(a_configuration_that_names_no_system_is_for_linux),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
