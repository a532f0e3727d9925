/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json_write.c owns writing JSON documents. */
#include "registry/json.h"

#include <jansson.h>

/* Takes the document. What was read as UTF-8 can be written. */
static char *write_text(json_t *json)
{
	char *text = json_dumps(json, JSON_INDENT(2));
	json_decref(json);
	if (!text)
		abort();
	return text;
}

static json_t *write_descriptor(const struct descriptor *d)
{
	json_t *object = json_pack("{s:s, s:s, s:I}", "mediaType", d->media_type, "digest", d->digest.text, "size",
		(json_int_t)d->size);
	json_t *annotations = json_object();
	if (*d->platform.os) {
		json_t *platform = json_pack("{s:s, s:s}", "architecture", d->platform.arch, "os", d->platform.os);
		if (*d->platform.variant)
			json_object_set_new(platform, "variant", json_string(d->platform.variant));
		json_object_set_new(object, "platform", platform);
	}
	if (d->reference)
		json_object_set_new(annotations, "org.opencontainers.image.ref.name", json_string(d->reference));
	if (d->image_name)
		json_object_set_new(annotations, "io.containerd.image.name", json_string(d->image_name));
	if (d->layer_names)
		json_object_set_new(annotations, "xrun.layers", json_string(d->layer_names));
	if (d->made_here)
		json_object_set_new(annotations, "xrun.made", json_string("here"));
	if (json_object_size(annotations))
		json_object_set(object, "annotations", annotations);
	json_decref(annotations);
	return object;
}

char *json_write_index(const struct index *index)
{
	json_t *manifests = json_array();
	for (size_t i = 0; i < index->count; i++)
		json_array_append_new(manifests, write_descriptor(&index->entries[i]));
	return write_text(json_pack("{s:i, s:s, s:o}", "schemaVersion", 2, "mediaType", MEDIA_INDEX, "manifests", manifests));
}

char *json_write_manifest(const struct manifest *manifest)
{
	json_t *layers = json_array();
	for (size_t i = 0; i < manifest->layer_count; i++)
		json_array_append_new(layers, write_descriptor(&manifest->layers[i]));
	return write_text(json_pack("{s:i, s:s, s:o, s:o}", "schemaVersion", 2, "mediaType", manifest->media_type, "config",
		write_descriptor(&manifest->config), "layers", layers));
}

static json_t *write_list(const struct strv *list)
{
	json_t *array = json_array();
	for (size_t i = 0; i < list->len; i++)
		json_array_append_new(array, json_string(list->items[i]));
	return array;
}

char *json_write_docker(const struct docker_images *images)
{
	json_t *array = json_array();
	for (size_t i = 0; i < images->count; i++)
		json_array_append_new(array, json_pack("{s:s, s:o, s:o}", "Config", images->items[i].config, "RepoTags",
			write_list(&images->items[i].names), "Layers", write_list(&images->items[i].layers)));
	return write_text(array);
}
