/* SPDX-License-Identifier: GPL-2.0-or-later */
/* registries_read.c owns finding and reading the files that registries.conf is made of. */
#include "src/access/registries.h"

#include "src/access/paths.h"
#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define SYSTEM "/etc/containers/registries.conf"

/* 1: it was there. */
static int add_file(struct registries *registries, const char *path, struct err *err)
{
	cleanup_buf struct buf text = { 0 };
	int r = paths_read(path, &text, err);
	if (r > 0 && registries_add(registries, path, text.data, text.len, err) < 0)
		return err->code;
	return r;
}

static int add_main(struct registries *registries, const char *user, struct err *err)
{
	const char *given = getenv("CONTAINERS_REGISTRIES_CONF");
	if (given && *given) {
		int r = add_file(registries, given, err);
		bool none = r == 0 && !str_eq(given, "/dev/null");
		return none ? err_set(err, -ENOENT, "CONTAINERS_REGISTRIES_CONF names %s, which is not there", given) : r;
	}
	int r = user ? add_file(registries, user, err) : 0;
	return r != 0 ? r : add_file(registries, SYSTEM, err);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_directory(struct registries *registries, const char *path, struct err *err)
{
	cleanup_strv struct strv names = { 0 };
	cleanup_dir DIR *dir = opendir(path);
	for (struct dirent *entry; dir && (entry = readdir(dir));)
		if (str_ends(entry->d_name, ".conf") && *entry->d_name != '.')
			strv_take(&names, str_fmt("%s/%s", path, entry->d_name));
	if (names.len)
		qsort(names.items, names.len, sizeof *names.items, by_name);
	int r = 0;
	for (size_t i = 0; r >= 0 && i < names.len; i++)
		r = add_file(registries, names.items[i], err);
	return r < 0 ? r : 0;
}

int registries_read(struct registries *ret_registries, struct err *err)
{
	struct registries registries = { 0 };
	cleanup_free char *containers = paths_containers();
	cleanup_free char *user = containers ? str_fmt("%s/registries.conf", containers) : NULL;
	cleanup_free char *user_directory = user ? str_fmt("%s.d", user) : NULL;
	int r = add_main(&registries, user, err);
	if (r >= 0)
		r = add_directory(&registries, SYSTEM ".d", err);
	if (r >= 0 && user_directory)
		r = add_directory(&registries, user_directory, err);
	if (r < 0)
		registries_done(&registries);
	else
		*ret_registries = registries;
	return r < 0 ? r : 0;
}
