/* SPDX-License-Identifier: GPL-2.0-or-later */
/* describe.c owns what is told of an image. */
#include "registry/describe.h"
#include "registry/json.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { MAX_STEPS = 10000 };

static json_t *parse(const char *text, size_t len, struct err *err)
{
	json_error_t error;
	json_t *json = len > JSON_LIMIT ? NULL : json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (!json)
		err_set(err, -EBADMSG, "the image's configuration is not a JSON object");
	return json;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : "";
}

static void set(json_t *object, const char *key, const char *text)
{
	json_object_set_new(object, key, json_string(text));
}

/* "docker.io/library/debian:12@sha256:..." without tag and digest. */
static char *repository(const char *name)
{
	const char *at = strchr(name, '@'), *slash = strrchr(name, '/');
	const char *colon = strchr(slash ? slash : name, ':');
	size_t len = colon ? (size_t)(colon - name) : at ? (size_t)(at - name) : strlen(name);
	return str_ndup(name, at && (size_t)(at - name) < len ? (size_t)(at - name) : len);
}

static void add_names(json_t *object, const struct image *image, const struct strv *names)
{
	json_t *tags = json_array(), *digests = json_array();
	for (size_t i = 0; i < names->len; i++) {
		cleanup_free char *bare = repository(names->items[i]);
		cleanup_free char *by_digest = str_fmt("%s@%s", bare, image->manifest.text);
		json_array_append_new(strchr(names->items[i], '@') ? digests : tags, json_string(names->items[i]));
		if (!strchr(names->items[i], '@'))
			json_array_append_new(digests, json_string(by_digest));
	}
	json_object_set_new(object, "RepoTags", tags);
	json_object_set_new(object, "RepoDigests", digests);
}

static void add_layers(json_t *object, const struct image *image)
{
	json_t *diff_ids = json_array(), *layers = json_array();
	for (size_t i = 0; i < image->layer_count; i++) {
		const struct image_layer *layer = &image->layers[i];
		json_array_append_new(diff_ids, json_string(layer->diff_id.text));
		json_array_append_new(layers, json_pack("{s:s, s:I, s:s, s:s}", "Digest", layer->digest.text, "Size",
			(json_int_t)layer->size, "MediaType", layer->media_type, "Directory", layer->name));
	}
	json_object_set_new(object, "RootFS", json_pack("{s:s, s:o}", "Type", "layers", "Layers", diff_ids));
	json_object_set_new(object, "Layers", layers);
}

char *describe_image(const struct image *image, const struct strv *names, const char *config, size_t len, struct err *err)
{
	json_t *document = parse(config, len, err);
	if (!document)
		return NULL;
	json_t *object = json_object(), *inner = json_object_get(document, "config");
	set(object, "Id", image->config.text);
	set(object, "Digest", image->manifest.text);
	add_names(object, image, names);
	set(object, "Created", image->created);
	set(object, "Author", text_of(document, "author"));
	set(object, "Os", image->platform.os);
	set(object, "Architecture", image->platform.arch);
	set(object, "Variant", image->platform.variant);
	json_object_set_new(object, "Size", json_integer(image->size));
	json_object_set_new(object, "Config", json_is_object(inner) ? json_incref(inner) : json_object());
	add_layers(object, image);
	char *text = json_dumps(object, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	json_decref(object);
	json_decref(document);
	if (!text)
		abort();
	return text;
}

static bool has_layer(const json_t *entry)
{
	return !json_is_true(json_object_get(entry, "empty_layer"));
}

static void add_step(struct history *history, const json_t *entry, const struct image *image, size_t *layer)
{
	struct history_step *step = &history->steps[history->count++];
	step->is_empty = !has_layer(entry) || *layer >= image->layer_count;
	step->created = str_dup(text_of(entry, "created"));
	step->created_by = str_dup(text_of(entry, "created_by"));
	step->comment = str_dup(text_of(entry, "comment"));
	if (!step->is_empty)
		step->size = image->layers[(*layer)++].size;
}

/* Of a base without a history, as a tar makes it, the steps are told by none: what builders add to a history is for the uppermost layers. */
static size_t untold(const struct image *image, const json_t *entries)
{
	size_t i, told = 0;
	json_t *entry;
	json_array_foreach(entries, i, entry)
		told += has_layer(entry);
	return told < image->layer_count ? image->layer_count - told : 0;
}

int describe_history(const struct image *image, const char *config, size_t len, struct history *ret_history, struct err *err)
{
	json_t *document = parse(config, len, err);
	if (!document)
		return err->code;
	json_t *entries = json_object_get(document, "history"), *entry;
	size_t i, layer = 0, count = json_array_size(entries);
	if (count > MAX_STEPS) {
		json_decref(document);
		return err_set(err, -EBADMSG, "the image's history has %zu steps; at most %d are taken", count, MAX_STEPS);
	}
	struct history history = { .steps = mem_new((count + image->layer_count + 1) * sizeof *history.steps) };
	for (size_t lowest = untold(image, entries); layer < lowest;)
		add_step(&history, NULL, image, &layer);
	json_array_foreach(entries, i, entry)
		add_step(&history, entry, image, &layer);
	json_decref(document);
	*ret_history = history;
	return 0;
}

void history_done(struct history *history)
{
	for (size_t i = 0; i < history->count; i++) {
		free(history->steps[i].created);
		free(history->steps[i].created_by);
		free(history->steps[i].comment);
	}
	free(history->steps);
	*history = (struct history){ 0 };
}
