/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keys.c owns the keys that leave a container with a terminal running. */
#include "src/runtime/keys.h"

#include "src/base/str.h"

#include <errno.h>
#include <string.h>

int keys_parse(const char *text, struct keys *ret_keys, struct err *err)
{
	cleanup_free char *copy = str_dup(text ? text : "ctrl-p,ctrl-q");
	char *rest = *copy ? copy : NULL;
	*ret_keys = (struct keys){ 0 };
	for (char *word; (word = strsep(&rest, ","));) {
		bool control = str_starts(word, "ctrl-") && word[5] && !word[6];
		if (ret_keys->count == KEYS_MAX || (!control && strlen(word) != 1))
			return err_set(err, -EINVAL, "--detach-keys %s: write letters, or ctrl- and a letter, separated by commas", text);
		ret_keys->of[ret_keys->count++] = control ? (char)(word[5] & 0x1f) : word[0];
	}
	return 0;
}

bool keys_filter(struct keys *keys, const char *data, size_t len, char *out, size_t *ret_len)
{
	*ret_len = 0;
	for (size_t i = 0; i < len; i++) {
		if (keys->count && data[i] == keys->of[keys->seen]) {
			if (++keys->seen == keys->count)
				return true;
			continue;
		}
		memcpy(out + *ret_len, keys->of, keys->seen);
		*ret_len += keys->seen;
		keys->seen = keys->count && data[i] == keys->of[0];
		if (!keys->seen)
			out[(*ret_len)++] = data[i];
	}
	return false;
}
