/* SPDX-License-Identifier: GPL-2.0-or-later */
/* derive.c owns the configuration of an image that is made from another one: reading, history and layers, writing. */
#include "registry/derive.h"
#include "registry/json.h"

#include <errno.h>
#include <jansson.h>

int derive_read(const char *text, size_t len, struct derive *ret_derive, struct err *err)
{
	json_t *document = len > JSON_LIMIT ? NULL : json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(document)) {
		json_decref(document);
		return err_set(err, -EBADMSG, "the image's configuration is not a JSON object");
	}
	json_t *config = json_object_get(document, "config");
	if (!json_is_object(config)) {
		config = json_object();
		json_object_set_new(document, "config", config);
	}
	*ret_derive = (struct derive){ .document = document, .config = config };
	return 0;
}

void derive_done(struct derive *derive)
{
	json_decref(derive->document);
	*derive = (struct derive){ 0 };
}

/* The list of that name, which an image without any layer or history lacks. */
static json_t *list_of(json_t *object, const char *name)
{
	json_t *list = json_object_get(object, name);
	if (json_is_array(list))
		return list;
	list = json_array();
	json_object_set_new(object, name, list);
	return list;
}

static json_t *rootfs_of(json_t *document)
{
	json_t *rootfs = json_object_get(document, "rootfs");
	if (json_is_object(rootfs))
		return rootfs;
	rootfs = json_pack("{s:s}", "type", "layers");
	json_object_set_new(document, "rootfs", rootfs);
	return rootfs;
}

/* Texts are the user's: what is no UTF-8 has no place in JSON. */
static void set_text(json_t *object, const char *key, const char *text)
{
	json_t *string = text && *text ? json_string(text) : NULL;
	if (string)
		json_object_set_new(object, key, string);
}

char *derive_write(struct derive *derive, const struct derive_step *step)
{
	char created[32];
	struct tm tm;
	strftime(created, sizeof created, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&step->created, &tm));
	json_t *entry = json_pack("{s:s}", "created", created);
	set_text(entry, "created_by", step->created_by);
	set_text(entry, "author", step->author);
	set_text(entry, "comment", step->comment);
	if (step->diff_id)
		json_array_append_new(list_of(rootfs_of(derive->document), "diff_ids"), json_string(step->diff_id->text));
	else
		json_object_set_new(entry, "empty_layer", json_true());
	json_array_append_new(list_of(derive->document, "history"), entry);
	json_object_set_new(derive->document, "created", json_string(created));
	set_text(derive->document, "author", step->author);
	char *text = json_dumps(derive->document, JSON_COMPACT);
	if (!text)
		abort();
	return text;
}
