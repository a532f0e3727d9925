/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/base/search.h"

#include <string.h>

void search_files(const char *name, const char *path, struct strv *ret_files)
{
	if (strchr(name, '/')) {
		strv_add(ret_files, name);
		return;
	}
	for (const char *at = path ? path : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"; at;) {
		size_t n = strcspn(at, ":");
		cleanup_free char *dir = str_ndup(n ? at : ".", n ? n : 1);
		strv_take(ret_files, str_fmt("%s/%s", dir, name));
		at = at[n] ? at + n + 1 : NULL;
	}
}
