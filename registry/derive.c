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
	*ret_derive = (struct derive){ .document = document, .config = derive_child(document, "config", json_object()) };
	return 0;
}

void derive_done(struct derive *derive)
{
	json_decref(derive->document);
	*derive = (struct derive){ 0 };
}

json_t *derive_child(json_t *object, const char *name, json_t *fresh)
{
	json_t *child = json_object_get(object, name);
	if (!child || json_typeof(child) != json_typeof(fresh)) {
		json_object_set_new(object, name, fresh);
		return fresh;
	}
	json_decref(fresh);
	return child;
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
	if (step->diff_id) {
		json_t *rootfs = derive_child(derive->document, "rootfs", json_pack("{s:s}", "type", "layers"));
		json_array_append_new(derive_child(rootfs, "diff_ids", json_array()), json_string(step->diff_id->text));
	} else {
		json_object_set_new(entry, "empty_layer", json_true());
	}
	json_array_append_new(derive_child(derive->document, "history", json_array()), entry);
	json_object_set_new(derive->document, "created", json_string(created));
	set_text(derive->document, "author", step->author);
	char *text = json_dumps(derive->document, JSON_COMPACT);
	if (!text)
		abort();
	return text;
}
