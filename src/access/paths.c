/* SPDX-License-Identifier: GPL-2.0-or-later */
/* paths.c owns where a user's files about registries are. */
#include "src/access/paths.h"

#include "src/base/account.h"
#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_LIMIT = 1 << 20 };

/* A directory out of the environment; a relative one means nothing (XDG base directory specification). */
static const char *directory(const char *name)
{
	const char *value = getenv(name);
	return value && *value == '/' ? value : NULL;
}

char *paths_containers(void)
{
	cleanup_free char *config = account_config();
	return config ? str_fmt("%s/containers", config) : NULL;
}

static const char *only_file(const char *file)
{
	const char *given = file ? file : getenv("REGISTRY_AUTH_FILE");
	return given && *given ? given : NULL;
}

void paths_auth(const char *file, struct strv *paths)
{
	cleanup_free char *home = account_home(), *containers = paths_containers();
	const char *runtime = directory("XDG_RUNTIME_DIR"), *docker = directory("DOCKER_CONFIG"), *only = only_file(file);
	if (only) {
		strv_add(paths, only);
		return;
	}
	strv_take(paths, runtime ? str_fmt("%s/containers/auth.json", runtime) : str_fmt("/run/containers/%u/auth.json", geteuid()));
	if (containers)
		strv_take(paths, str_fmt("%s/auth.json", containers));
	if (docker)
		strv_take(paths, str_fmt("%s/config.json", docker));
	else if (home)
		strv_take(paths, str_fmt("%s/.docker/config.json", home));
}

char *paths_login(const char *file)
{
	const char *only = only_file(file), *runtime = directory("XDG_RUNTIME_DIR");
	if (only)
		return str_dup(only);
	if (runtime && access(runtime, W_OK) == 0)
		return str_fmt("%s/containers/auth.json", runtime);
	cleanup_free char *containers = paths_containers();
	return containers ? str_fmt("%s/auth.json", containers) : NULL;
}

int paths_read(const char *path, struct buf *text, struct err *err)
{
	struct stat st;
	if (stat(path, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : err_sys(err, "cannot read %s", path);
	if (S_ISCHR(st.st_mode))
		return 0; /* /dev/null: none, in so many words */
	int r = fd_read_file(AT_FDCWD, path, FILE_LIMIT, text, err);
	return r < 0 ? r : 1;
}
