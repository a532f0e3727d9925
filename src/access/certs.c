/* SPDX-License-Identifier: GPL-2.0-or-later */
/* certs.c owns the certificates for one registry. */
#include "src/access/certs.h"

#include "src/access/paths.h"
#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { CERT_LIMIT = 1 << 20 };

static int read_pem(const char *dir, const char *name, struct buf *text, struct err *err)
{
	cleanup_free char *path = str_fmt("%s/%s", dir, name);
	cleanup_buf struct buf content = { 0 };
	int r = fd_read_file(AT_FDCWD, path, CERT_LIMIT, &content, err);
	if (r < 0)
		return r;
	if (!content.len || strlen(content.data) != content.len || !strstr(content.data, "-----BEGIN "))
		return err_set(err, -EBADMSG, "%s is not a PEM file", path);
	buf_add(text, content.data, content.len);
	buf_str(text, "\n");
	return 0;
}

static int take(char **field, const char *dir, const char *name, struct err *err)
{
	cleanup_buf struct buf text = { 0 };
	if (*field)
		return err_set(err, -EINVAL, "%s has several client certificates: leave one", dir);
	int r = read_pem(dir, name, &text, err);
	if (r == 0)
		*field = buf_take(&text);
	return r;
}

static int take_pair(struct endpoint *endpoint, const char *dir, const char *certificate, struct err *err)
{
	cleanup_free char *key = str_fmt("%.*s.key", (int)(strlen(certificate) - strlen(".cert")), certificate);
	int r = take(&endpoint->certificate, dir, certificate, err);
	return r < 0 ? r : take(&endpoint->key, dir, key, err);
}

/* Docker takes a key without its certificate for a mistake, too. */
static int check_key(const char *dir, const char *key, struct err *err)
{
	cleanup_free char *certificate = str_fmt("%s/%.*s.cert", dir, (int)(strlen(key) - strlen(".key")), key);
	return access(certificate, F_OK) == 0 ? 0 : err_set(err, -ENOENT, "%s/%s has no certificate, %s", dir, key, certificate);
}

static int read_directory(struct endpoint *endpoint, const char *path, DIR *dir, struct err *err)
{
	cleanup_buf struct buf ca = { 0 };
	int r = 0;
	for (struct dirent *entry; r == 0 && (entry = readdir(dir));) {
		if (*entry->d_name == '.')
			continue;
		if (str_ends(entry->d_name, ".crt"))
			r = read_pem(path, entry->d_name, &ca, err);
		else if (str_ends(entry->d_name, ".cert"))
			r = take_pair(endpoint, path, entry->d_name, err);
		else if (str_ends(entry->d_name, ".key"))
			r = check_key(path, entry->d_name, err);
	}
	if (r == 0 && ca.len)
		endpoint->ca = buf_take(&ca);
	return r;
}

int certs_read(struct endpoint *endpoint, struct err *err)
{
	cleanup_free char *containers = paths_containers();
	const char *const places[] = { containers, "/etc/containers", "/etc/docker" };
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		if (!places[i])
			continue;
		cleanup_free char *path = str_fmt("%s/certs.d/%s", places[i], endpoint->registry);
		cleanup_dir DIR *dir = opendir(path);
		if (dir)
			return read_directory(endpoint, path, dir, err);
		struct stat st;
		if (stat(path, &st) == 0)
			return err_set(err, -EACCES, "%s cannot be read", path);
	}
	return 0;
}
