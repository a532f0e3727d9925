/* SPDX-License-Identifier: GPL-2.0-or-later */
/* credentials.c owns which login a user has for a registry. */
#include "src/access/credentials.h"

#include "src/access/helper.h"
#include "src/access/paths.h"
#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* docker tells its helpers a URL for docker.io, podman the name. */
static const char *const docker_names[] = { "https://index.docker.io/v1/", "docker.io", NULL };

static int ask_helper(const char *helper, const char *registry, struct login *login, struct err *err)
{
	const char *const own[] = { registry, NULL };
	int r = 0;
	for (const char *const *name = str_eq(registry, "docker.io") ? docker_names : own; r == 0 && *name; name++)
		r = helper_get(helper, *name, login, err);
	return r;
}

static int find_in(const char *path, const char *registry, const char *repository, struct login *login, struct err *err)
{
	struct authfile file;
	cleanup_buf struct buf text = { 0 };
	int r = paths_read(path, &text, err);
	if (r <= 0 || !text.len)
		return r < 0 ? r : 0;
	if (authfile_read(text.data, text.len, registry, repository, &file, err) < 0)
		return err_prefix(err, "%s", path);
	r = file.helper ? ask_helper(file.helper, registry, login, err) : 0;
	if (r < 0)
		err_append(err, " (%s names it for %s; --creds USER:PASSWORD does without)", path, registry);
	if (r == 0 && !login_is_empty(&file.login)) {
		*login = file.login;
		file.login = (struct login){ 0 };
		r = 1;
	}
	authfile_done(&file);
	return r;
}

static int find_in_files(const char *authfile, const char *registry, const char *repository, struct login *login, struct err *err)
{
	cleanup_strv struct strv paths = { 0 };
	int r = 0;
	paths_auth(authfile, &paths);
	for (size_t i = 0; r == 0 && i < paths.len; i++)
		r = find_in(paths.items[i], registry, repository, login, err);
	return r;
}

int credentials_find(const char *authfile, const struct strv *helpers, const char *registry, const char *repository,
	struct login *ret_login, struct err *err)
{
	int r = 0;
	if (authfile || !helpers->len)
		return find_in_files(authfile, registry, repository, ret_login, err);
	for (size_t i = 0; r == 0 && i < helpers->len; i++) {
		if (str_eq(helpers->items[i], "containers-auth.json"))
			r = find_in_files(NULL, registry, repository, ret_login, err);
		else
			r = ask_helper(helpers->items[i], registry, ret_login, err);
	}
	return r;
}

static bool is_dockers(const char *path)
{
	return str_ends(path, "/config.json");
}

/* A symlink stays one: what it leads to is replaced. */
static char *real_path(const char *path)
{
	char *real = realpath(path, NULL);
	return real ? real : str_dup(path);
}

/* The file's directory, locked, so that of two who change the file none undoes the other's work. */
static int open_directory(const char *path, bool create, struct err *err)
{
	const char *slash = strrchr(path, '/');
	cleanup_free char *directory = slash ? str_ndup(path, slash == path ? 1 : slash - path) : str_dup(".");
	if (create && fd_mkdir_path(directory, 0700, err) < 0)
		return err->code;
	cleanup_fd int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		return err_sys(err, "cannot open %s", directory);
	return fd_take(&fd);
}

/* Passwords are in it: nobody else may read it. Without O_TMPFILE, which file systems of homes may lack (NFS). */
static int replace(int dir_fd, const char *path, const char *text, struct err *err)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	cleanup_free char *temporary = str_fmt(".%s.%d", name, getpid());
	unlinkat(dir_fd, temporary, 0);
	cleanup_fd int fd = openat(dir_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(err, "cannot write beside %s", path);
	int r = fd_write_all(fd, text, strlen(text));
	if (r == 0 && (fsync(fd) < 0 || renameat(dir_fd, temporary, dir_fd, name) < 0))
		r = -errno;
	if (r < 0)
		unlinkat(dir_fd, temporary, 0);
	return r < 0 ? err_code(err, r, "cannot write %s", path) : 0;
}

/* How many logins went, or made way. */
static int change(const char *path, const char *registry, const char *repository, const struct login *login, struct err *err)
{
	cleanup_free char *real = real_path(path), *changed = NULL;
	cleanup_buf struct buf text = { 0 };
	cleanup_fd int dir_fd = open_directory(real, login, err);
	int r = dir_fd < 0 ? dir_fd : paths_read(real, &text, err);
	if (r >= 0)
		r = authfile_write(text.data, text.len, registry, repository, login, is_dockers(real), &changed, err);
	if (r < 0)
		return dir_fd < 0 ? r : err_prefix(err, "%s", path);
	int count = r;
	if (login || count)
		r = replace(dir_fd, real, changed, err);
	explicit_bzero(changed, strlen(changed));
	return r < 0 ? r : count;
}

static int read_file(const char *path, const char *registry, struct authfile *ret_file, struct err *err)
{
	cleanup_buf struct buf text = { 0 };
	*ret_file = (struct authfile){ 0 };
	int r = paths_read(path, &text, err);
	if (r <= 0 || !text.len)
		return r;
	return authfile_read(text.data, text.len, registry, "", ret_file, err) < 0 ? err_prefix(err, "%s", path) : 1;
}

int credentials_keep(const char *authfile, const char *registry, const char *repository, const struct login *login, char **ret_where,
	struct err *err)
{
	struct authfile file;
	cleanup_free char *path = paths_login(authfile);
	if (!path)
		return err_set(err, -ENOENT, "HOME is not set; say where to keep the login with --authfile FILE");
	int r = read_file(path, registry, &file, err);
	if (r < 0)
		return r;
	const char *server = str_eq(registry, "docker.io") ? docker_names[0] : registry;
	if (file.helper && *repository)
		r = err_set(err, -ENOTSUP, "%s has docker-credential-%s keep logins, which are for whole registries there: log in to %s", path,
			file.helper, registry);
	else
		r = file.helper ? helper_store(file.helper, server, login, err) : change(path, registry, repository, login, err);
	*ret_where = file.helper ? str_fmt("docker-credential-%s", file.helper) : str_dup(path);
	authfile_done(&file);
	return r < 0 ? r : 0;
}

static int drop_part(const char *path, const char *registry, const char *repository, struct err *err)
{
	cleanup_buf struct buf text = { 0 };
	int r = paths_read(path, &text, err);
	return r <= 0 || !text.len ? r : change(path, registry, repository, NULL, err);
}

static int drop_from(const char *path, const char *registry, struct err *err)
{
	struct authfile file;
	struct login kept = { 0 };
	int found = 0, r = read_file(path, registry, &file, err);
	if (r > 0 && file.helper) {
		found = r = ask_helper(file.helper, registry, &kept, err);
		const char *const own[] = { registry, NULL };
		for (const char *const *name = str_eq(registry, "docker.io") ? docker_names : own; r > 0 && *name; name++)
			r = helper_erase(file.helper, *name, err) < 0 ? err->code : 1;
	}
	if (r >= 0 && !login_is_empty(&file.login)) {
		found = 1;
		r = change(path, registry, "", NULL, err);
	}
	login_done(&kept);
	authfile_done(&file);
	return r < 0 ? r : found;
}

int credentials_drop(const char *authfile, const char *registry, const char *repository, char **ret_where, struct err *err)
{
	cleanup_strv struct strv paths = { 0 };
	*ret_where = NULL;
	paths_auth(authfile, &paths);
	for (size_t i = 0; i < paths.len; i++) {
		int r = *repository ? drop_part(paths.items[i], registry, repository, err) : drop_from(paths.items[i], registry, err);
		if (r < 0)
			return r;
		if (r == 0)
			continue;
		free(*ret_where);
		*ret_where = str_dup(paths.items[i]);
	}
	return *ret_where ? 0 : err_set(err, -ENOENT, "not logged in to %s%s%s", registry, *repository ? "/" : "", repository);
}

/* What helpers keep: where the file names one for a registry, that one's; where it names one for all, all that one knows of. */
static int erase_kept(const struct buf *text, struct err *err)
{
	cleanup_free char *store = NULL;
	cleanup_strv struct strv pairs = { 0 }, servers = { 0 };
	int r = authfile_read_helpers(text->data, text->len, &pairs, &store, err);
	if (r == 0 && store)
		r = helper_list(store, &servers, err);
	for (size_t i = 0; i < servers.len; i++) {
		strv_add(&pairs, store);
		strv_add(&pairs, servers.items[i]);
	}
	for (size_t i = 0; r == 0 && i < pairs.len; i += 2)
		r = helper_erase(pairs.items[i], pairs.items[i + 1], err);
	return r < 0 ? r : (int)servers.len;
}

int credentials_drop_all(const char *authfile, struct err *err)
{
	cleanup_strv struct strv paths = { 0 };
	int count = 0;
	paths_auth(authfile, &paths);
	for (size_t i = 0; i < paths.len; i++) {
		cleanup_buf struct buf text = { 0 };
		int r = paths_read(paths.items[i], &text, err);
		if (r == 0 || (r > 0 && !text.len))
			continue;
		int kept = r < 0 ? r : erase_kept(&text, err);
		if (kept < 0)
			return err_prefix(err, "%s", paths.items[i]);
		r = change(paths.items[i], NULL, "", NULL, err);
		if (r < 0)
			return r;
		count += kept + r;
	}
	return count;
}
