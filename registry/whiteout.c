/* SPDX-License-Identifier: GPL-2.0-or-later */
/* whiteout.c owns what the names in a layer mean. */
#include "registry/whiteout.h"
#include "src/base/str.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static bool is(const char *component, size_t len, const char *what)
{
	return strlen(what) == len && memcmp(component, what, len) == 0;
}

/* The length of `path` without its last component. */
static size_t parent_len(const char *path, size_t len)
{
	while (len && path[len - 1] != '/')
		len--;
	return len ? len - 1 : 0;
}

int entry_path(const char *raw, char ret_path[ENTRY_PATH_MAX], struct err *err)
{
	size_t len = 0;
	if (!*raw)
		return err_set(err, -EBADMSG, "the layer has an entry without a name");
	for (const char *at = raw; *at; at += strspn(at, "/")) {
		size_t n = strcspn(at, "/");
		const char *component = at;
		at += n;
		if (n == 0 || is(component, n, "."))
			continue;
		if (is(component, n, "..")) {
			if (!len)
				return err_set(err, -EBADMSG, "the layer's name %.200s leads out of the image", raw);
			len = parent_len(ret_path, len);
			continue;
		}
		if (len + (len ? 1 : 0) + n + 1 > ENTRY_PATH_MAX)
			return err_set(err, -ENAMETOOLONG, "the layer has a name of more than %d bytes: %.100s...",
				ENTRY_PATH_MAX - 1, raw);
		if (len)
			ret_path[len++] = '/';
		memcpy(ret_path + len, component, n);
		len += n;
	}
	ret_path[len] = 0;
	return 0;
}

const char *entry_base(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static const char PREFIX[] = ".wh.", OWN[] = ".wh..wh.", OPAQUE[] = ".wh..wh..opq";

/* The first component that starts like a whiteout, or NULL. */
static const char *find(const char *path)
{
	while (path && !str_starts(path, PREFIX)) {
		path = strchr(path, '/');
		path = path ? path + 1 : NULL;
	}
	return path;
}

int whiteout_kind(const char *path, const char **ret_name, struct err *err)
{
	const char *mark = find(path);
	if (!mark)
		return WHITEOUT_NONE;
	if (str_eq(mark, OPAQUE))
		return WHITEOUT_OPAQUE;
	if (str_starts(mark, OWN))
		return WHITEOUT_IGNORED;
	if (strchr(mark, '/'))
		return err_set(err, -EBADMSG, "the layer has an entry below a whiteout: %s", path);
	const char *name = mark + strlen(PREFIX);
	if (!*name || str_eq(name, ".") || str_eq(name, ".."))
		return err_set(err, -EBADMSG, "the layer has a whiteout that names nothing: %s", path);
	*ret_name = name;
	return WHITEOUT_NAME;
}
