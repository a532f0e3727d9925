/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json.c owns reading JSON documents. */
#include "registry/json.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* As many as a layer may unpack to (layer.h). The sum of all layers' sizes stays far from overflowing. */
static const int64_t MAX_LAYER_SIZE = 64LL << 30;

/* Of a configuration's list or object. An image has dozens; what looks for each name among all others must end soon. */
enum { MAX_LIST = 10000 };

static void free_json(json_t **json)
{
	json_decref(*json);
}
#define cleanup_json __attribute__((cleanup(free_json)))

/* jansson itself refuses depth over 2048, bad UTF-8 and, without JSON_ALLOW_NUL, NUL within strings. */
static json_t *parse(const char *text, size_t len, const char *what, struct err *err)
{
	json_error_t error;
	json_t *json = len > JSON_LIMIT ? NULL : json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (json && json_is_object(json))
		return json;
	const char *why = !len ? "it is empty" : len > JSON_LIMIT ? "it is too large" : json ? "it is an array" : error.text;
	err_set(err, -EBADMSG, "the %s is not a JSON object: %.200s", what, why);
	json_decref(json);
	return NULL;
}

static bool take(char *field, size_t size, const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	if (!text)
		text = "";
	return (size_t)snprintf(field, size, "%s", text) < size;
}

static char *take_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return str_dup(text ? text : "");
}

static int take_list(const json_t *object, const char *key, struct strv *ret_list, struct err *err)
{
	json_t *array = json_object_get(object, key), *value;
	size_t i;
	if (array && !json_is_array(array) && !json_is_null(array))
		return err_set(err, -EBADMSG, "the image's configuration: %s is not a list", key);
	if (json_array_size(array) > MAX_LIST)
		return err_set(err, -EBADMSG, "the image's configuration: %s has %zu entries; at most %d are taken", key,
			json_array_size(array), MAX_LIST);
	json_array_foreach(array, i, value) {
		if (!json_is_string(value))
			return err_set(err, -EBADMSG, "the image's configuration: %s holds something other than strings", key);
		strv_add(ret_list, json_string_value(value));
	}
	return 0;
}

static void take_platform(const json_t *object, struct platform *platform)
{
	if (!take(platform->os, sizeof platform->os, object, "os") ||
		!take(platform->arch, sizeof platform->arch, object, "architecture") ||
		!take(platform->variant, sizeof platform->variant, object, "variant"))
		*platform = (struct platform){ .os = "?", .arch = "?" };
	platform_normalise(platform);
}

static int read_descriptor(const json_t *object, const char *what, struct descriptor *ret, struct err *err)
{
	json_t *size = json_object_get(object, "size");
	const char *digest = json_string_value(json_object_get(object, "digest"));
	*ret = (struct descriptor){ 0 };
	if (!json_is_object(object) || !digest)
		return err_set(err, -EBADMSG, "the manifest's %s is missing or has no digest", what);
	if (!digest_parse(digest, &ret->digest))
		return err_set(err, -EBADMSG, "the manifest's %s has the digest %.100s; only sha256 is understood", what, digest);
	if (!json_is_integer(size) || json_integer_value(size) < 0)
		return err_set(err, -EBADMSG, "the manifest's %s has no valid size", what);
	ret->size = json_integer_value(size);
	if (!take(ret->media_type, sizeof ret->media_type, object, "mediaType"))
		return err_set(err, -EBADMSG, "the manifest's %s has too long a media type", what);
	take_platform(json_object_get(object, "platform"), &ret->platform);
	json_t *annotations = json_object_get(object, "annotations");
	ret->reference = str_dup(json_string_value(json_object_get(annotations, "org.opencontainers.image.ref.name")));
	ret->image_name = str_dup(json_string_value(json_object_get(annotations, "io.containerd.image.name")));
	ret->layer_names = str_dup(json_string_value(json_object_get(annotations, "xrun.layers")));
	ret->made_here = str_eq(json_string_value(json_object_get(annotations, "xrun.made")), "here");
	return 0;
}

static int read_descriptors(const json_t *array, const char *what, struct descriptor **ret, size_t *ret_count, struct err *err)
{
	size_t count = json_array_size(array);
	if (!json_is_array(array) || count > 10000)
		return err_set(err, -EBADMSG, "the document has no valid list of %ss", what);
	*ret = mem_new((count + 1) * sizeof **ret);
	for (size_t i = 0; i < count; i++) {
		int r = read_descriptor(json_array_get(array, i), what, &(*ret)[i], err);
		*ret_count = i + 1;
		if (r < 0)
			return r;
	}
	return 0;
}

static void free_descriptor(struct descriptor *d)
{
	free(d->reference);
	free(d->image_name);
	free(d->layer_names);
}

static void free_descriptors(struct descriptor *descriptors, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free_descriptor(&descriptors[i]);
	free(descriptors);
}

void index_done(struct index *index)
{
	free_descriptors(index->entries, index->count);
	*index = (struct index){ 0 };
}

void index_drop(struct index *index, size_t i)
{
	free_descriptor(&index->entries[i]);
	memmove(&index->entries[i], &index->entries[i + 1], (--index->count - i) * sizeof *index->entries);
}

void manifest_done(struct manifest *manifest)
{
	free_descriptors(manifest->layers, manifest->layer_count);
	free_descriptor(&manifest->config);
	*manifest = (struct manifest){ 0 };
}

static bool names_index(const char *type)
{
	return str_eq(type, MEDIA_INDEX) || str_eq(type, MEDIA_DOCKER_LIST);
}

static bool names_manifest(const char *type)
{
	return str_eq(type, MEDIA_MANIFEST) || str_eq(type, MEDIA_DOCKER_MANIFEST);
}

/* The document's own mediaType speaks first, then the answer's header, then its shape. */
int json_document_kind(const char *text, size_t len, const char *content_type, enum document *ret_kind, struct err *err)
{
	cleanup_json json_t *json = parse(text, len, "manifest", err);
	if (!json)
		return err->code;
	const char *type = json_string_value(json_object_get(json, "mediaType"));
	json_t *version = json_object_get(json, "schemaVersion");
	if (json_integer_value(version) == 1)
		return err_set(err, -EBADMSG, "the image has the old manifest format (schema 1), which carries no digests to check");
	if (json_integer_value(version) != 2)
		return err_set(err, -EBADMSG, "the document is no image manifest: it has no schemaVersion 2");
	bool manifests = json_is_array(json_object_get(json, "manifests")), layers = json_is_array(json_object_get(json, "layers"));
	if (manifests && layers)
		return err_set(err, -EBADMSG, "the document is both an index and a manifest");
	bool says_itself = type;
	if (!type)
		type = content_type ? content_type : "";
	bool says_index = names_index(type), says_manifest = names_manifest(type);
	/* CVE-2021-41190: one digest must not mean two things, depending on a header. */
	if ((names_index(content_type) && says_manifest) || (names_manifest(content_type) && says_index))
		return err_set(err, -EBADMSG, "the document says that it is %.100s, the registry that it is %.100s", type, content_type);
	bool is_strange = says_itself && !says_index && !says_manifest;
	if (is_strange || (!manifests && !layers) || (says_index && !manifests) || (says_manifest && !layers))
		return err_set(err, -EBADMSG, "the document is neither an image index nor an image manifest (media type %.100s)", type);
	*ret_kind = manifests ? DOCUMENT_INDEX : DOCUMENT_MANIFEST;
	return 0;
}

static int read_index(const json_t *json, struct index *ret_index, struct err *err)
{
	struct index index = { 0 };
	int r = read_descriptors(json_object_get(json, "manifests"), "manifest", &index.entries, &index.count, err);
	if (r < 0)
		index_done(&index);
	else
		*ret_index = index;
	return r;
}

int json_read_index(const char *text, size_t len, struct index *ret_index, struct err *err)
{
	cleanup_json json_t *json = parse(text, len, "index", err);
	return json ? read_index(json, ret_index, err) : err->code;
}

/* OCI image-spec descriptor.md, "Registered algorithms" */
static bool is_of_other_kind(const json_t *entry)
{
	const char *digest = json_string_value(json_object_get(entry, "digest"));
	return digest && (str_starts(digest, "sha512:") || str_starts(digest, "blake3:"));
}

int json_read_offer(const char *text, size_t len, struct index *ret_index, struct err *err)
{
	size_t passed_over = 0;
	cleanup_json json_t *json = parse(text, len, "index", err);
	if (!json)
		return err->code;
	json_t *entries = json_object_get(json, "manifests");
	for (size_t i = json_array_size(entries); i-- > 0;)
		if (is_of_other_kind(json_array_get(entries, i)) && json_array_remove(entries, i) == 0)
			passed_over++;
	int r = read_index(json, ret_index, err);
	if (r == 0)
		ret_index->passed_over = passed_over;
	return r;
}

int json_read_manifest(const char *text, size_t len, struct manifest *ret_manifest, struct err *err)
{
	struct manifest manifest = { 0 };
	cleanup_json json_t *json = parse(text, len, "manifest", err);
	if (!json)
		return err->code;
	take(manifest.media_type, sizeof manifest.media_type, json, "mediaType");
	if (!*manifest.media_type)
		snprintf(manifest.media_type, sizeof manifest.media_type, MEDIA_MANIFEST);
	int r = read_descriptor(json_object_get(json, "config"), "configuration", &manifest.config, err);
	if (r == 0)
		r = read_descriptors(json_object_get(json, "layers"), "layer", &manifest.layers, &manifest.layer_count, err);
	if (r == 0 && manifest.layer_count > JSON_MAX_LAYERS)
		r = err_set(err, -E2BIG, "the image has %zu layers; at most %d can be mounted", manifest.layer_count, JSON_MAX_LAYERS);
	if (r == 0 && manifest.config.size > JSON_LIMIT)
		r = err_set(err, -E2BIG, "the image's configuration is larger than 4 MiB");
	if (r < 0)
		manifest_done(&manifest);
	else
		*ret_manifest = manifest;
	return r;
}

static int take_layers(const json_t *config, const struct manifest *manifest, struct image *image, struct err *err)
{
	json_t *diff_ids = json_object_get(json_object_get(config, "rootfs"), "diff_ids");
	size_t count = manifest->layer_count;
	if (json_array_size(diff_ids) != count)
		return err_set(err, -EBADMSG, "the image's configuration names %zu layers, its manifest %zu", json_array_size(diff_ids),
			count);
	image->layers = mem_new((count + 1) * sizeof *image->layers);
	image->layer_count = count;
	for (size_t i = 0; i < count; i++) {
		struct image_layer *layer = &image->layers[i];
		const char *diff_id = json_string_value(json_array_get(diff_ids, i));
		if (!diff_id || !digest_parse(diff_id, &layer->diff_id))
			return err_set(err, -EBADMSG, "the image's configuration has an invalid diff id for layer %zu", i + 1);
		layer->digest = manifest->layers[i].digest;
		layer->size = manifest->layers[i].size;
		if (layer->size > MAX_LAYER_SIZE)
			return err_set(err, -EFBIG, "layer %s is said to have %lld bytes; at most %lld are taken", layer->digest.text,
				(long long)layer->size, (long long)MAX_LAYER_SIZE);
		memcpy(layer->media_type, manifest->layers[i].media_type, sizeof layer->media_type);
		image->size += layer->size;
	}
	return 0;
}

static int take_labels(const json_t *config, struct image *image, struct err *err)
{
	static const char *const objects[] = { "Labels", "Volumes", "ExposedPorts" };
	const char *key;
	json_t *value;
	for (size_t i = 0; i < sizeof objects / sizeof *objects; i++)
		if (json_object_size(json_object_get(config, objects[i])) > MAX_LIST)
			return err_set(err, -EBADMSG, "the image's configuration: %s has %zu entries; at most %d are taken", objects[i],
				json_object_size(json_object_get(config, objects[i])), MAX_LIST);
	json_object_foreach(json_object_get(config, "Labels"), key, value)
		if (json_is_string(value))
			strv_take(&image->labels, str_fmt("%s=%s", key, json_string_value(value)));
	json_object_foreach(json_object_get(config, "Volumes"), key, value)
		strv_add(&image->volumes, key);
	json_object_foreach(json_object_get(config, "ExposedPorts"), key, value)
		strv_add(&image->exposed, key);
	return 0;
}

static int take_health(const json_t *health, struct image_health *ret_health, struct err *err)
{
	if (!json_is_object(health))
		return 0;
	ret_health->interval = json_integer_value(json_object_get(health, "Interval"));
	ret_health->timeout = json_integer_value(json_object_get(health, "Timeout"));
	ret_health->start_period = json_integer_value(json_object_get(health, "StartPeriod"));
	ret_health->retries = json_integer_value(json_object_get(health, "Retries"));
	return take_list(health, "Test", &ret_health->test, err);
}

int json_read_config(const char *text, size_t len, const struct manifest *manifest, struct image *ret_image, struct err *err)
{
	struct image image = { 0 };
	cleanup_json json_t *json = parse(text, len, "image's configuration", err);
	if (!json)
		return err->code;
	json_t *config = json_object_get(json, "config");
	image.config = manifest->config.digest;
	image.size = manifest->config.size;
	image.created = take_text(json, "created");
	image.user = take_text(config, "User");
	image.working_dir = take_text(config, "WorkingDir");
	image.stop_signal = take_text(config, "StopSignal");
	take_platform(json, &image.platform);
	if (!*image.platform.os && *image.platform.arch && !json_object_get(json, "os")) /* hand-made; docker and podman take it so, too */
		snprintf(image.platform.os, sizeof image.platform.os, "linux");
	int r = take_labels(config, &image, err);
	if (r == 0)
		r = take_layers(json, manifest, &image, err);
	if (r == 0)
		r = take_health(json_object_get(config, "Healthcheck"), &image.health, err);
	if (r == 0)
		r = take_list(config, "Entrypoint", &image.entrypoint, err);
	if (r == 0)
		r = take_list(config, "Cmd", &image.cmd, err);
	if (r == 0)
		r = take_list(config, "Env", &image.env, err);
	if (r == 0 && (!*image.platform.os || !*image.platform.arch))
		r = err_set(err, -EBADMSG, "the image's configuration names no platform: is it a container image?");
	if (r < 0)
		image_done(&image);
	else
		*ret_image = image;
	return r;
}

int json_check_layout(const char *text, size_t len, struct err *err)
{
	cleanup_json json_t *json = parse(text, len, "file oci-layout", err);
	if (!json)
		return err->code;
	const char *version = json_string_value(json_object_get(json, "imageLayoutVersion"));
	return str_eq(version, "1.0.0") ? 0 : err_set(err, -ENOTSUP, "the image layout has the version %.50s; only 1.0.0 is understood",
		version ? version : "(none)");
}

static int take_docker_image(const json_t *object, struct docker_image *image, struct err *err)
{
	image->config = take_text(object, "Config");
	int r = take_list(object, "Layers", &image->layers, err);
	if (r == 0)
		r = take_list(object, "RepoTags", &image->names, err);
	if (r == 0 && image->layers.len > JSON_MAX_LAYERS)
		r = err_set(err, -E2BIG, "the image has %zu layers; at most %d can be mounted", image->layers.len, JSON_MAX_LAYERS);
	return r;
}

int json_read_docker(const char *text, size_t len, struct docker_images *ret_images, struct err *err)
{
	json_error_t error;
	struct docker_images images = { 0 };
	cleanup_json json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	size_t count = json_array_size(json);
	if (!json_is_array(json) || count == 0 || count > MAX_LIST)
		return err_set(err, -EBADMSG, "the archive's manifest.json is not a list of images: %.200s", json ? "it is none" : error.text);
	images.items = mem_new(count * sizeof *images.items);
	int r = 0;
	while (r == 0 && images.count < count) {
		json_t *object = json_array_get(json, images.count);
		r = take_docker_image(object, &images.items[images.count++], err);
	}
	if (r < 0)
		docker_images_done(&images);
	else
		*ret_images = images;
	return r;
}

void docker_images_done(struct docker_images *images)
{
	for (size_t i = 0; i < images->count; i++) {
		free(images->items[i].config);
		strv_done(&images->items[i].names);
		strv_done(&images->items[i].layers);
	}
	free(images->items);
	*images = (struct docker_images){ 0 };
}

int json_read_layer_names(const char *text, size_t len, char **ret_names, struct err *err)
{
	cleanup_json json_t *json = parse(text, len, "container's config.json", err);
	if (!json)
		return err->code;
	*ret_names = str_dup(json_string_value(json_object_get(json_object_get(json, "annotations"), "xrun.layers")));
	return 0;
}

char *json_read_token(const char *text, size_t len, int64_t *ret_seconds)
{
	struct err ignored;
	cleanup_json json_t *json = parse(text, len, "token", &ignored);
	const char *token = json_string_value(json_object_get(json, "token"));
	if (!token)
		token = json_string_value(json_object_get(json, "access_token"));
	const int64_t seconds = json_integer_value(json_object_get(json, "expires_in")), day = 24 * 3600;
	*ret_seconds = seconds < 0 ? 0 : seconds > day ? day : seconds;
	return str_dup(token);
}
