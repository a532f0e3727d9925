/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config_string.c owns how our texts become JSON. */
#include "src/plan/config_string.h"

json_t *config_string(const char *text)
{
	json_t *value = json_string(text ? text : "");
	return value ? value : json_string("\xef\xbf\xbd");
}

json_t *config_strings(const struct strv *texts, size_t from)
{
	json_t *array = json_array();
	for (size_t i = from; i < texts->len; i++)
		json_array_append_new(array, config_string(texts->items[i]));
	return array;
}
