/* SPDX-License-Identifier: GPL-2.0-or-later */
/* authfile.c owns the JSON of files with credentials; it is the only file here that knows jansson. */
#include "src/access/authfile.h"

#include "src/base/base64.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <strings.h>

#define DOCKER_URL "https://index.docker.io/v1/"

static void free_json(json_t **json)
{
	json_decref(*json);
}
#define cleanup_json __attribute__((cleanup(free_json)))

static void forget(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	free(*text);
	*text = NULL;
}

void login_done(struct login *login)
{
	forget(&login->username);
	forget(&login->password);
	forget(&login->identity_token);
}

bool login_is_empty(const struct login *login)
{
	return !login->identity_token && !login->password;
}

void authfile_done(struct authfile *file)
{
	free(file->helper);
	login_done(&file->login);
	*file = (struct authfile){ 0 };
}

static json_t *parse(const char *text, size_t len, struct err *err)
{
	json_error_t error;
	json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (json && json_is_object(json))
		return json;
	if (json)
		err_set(err, -EBADMSG, "it is not a JSON object");
	else
		err_set(err, -EBADMSG, "line %d: %.200s", error.line, error.text);
	json_decref(json);
	return NULL;
}

static bool is_docker_io(const char *host)
{
	return strcasecmp(host, "docker.io") == 0 || strcasecmp(host, "index.docker.io") == 0 ||
	       strcasecmp(host, "registry-1.docker.io") == 0;
}

/* How well a key fits: 0 not at all, 1 as docker's URL, 2 as the registry's name, more with a part of the path. */
static size_t fit(const char *key, const char *registry, const char *repository)
{
	bool url = str_starts(key, "https://") || str_starts(key, "http://");
	const char *rest = url ? strstr(key, "://") + 3 : key;
	size_t len = strcspn(rest, "/");
	cleanup_free char *host = str_ndup(rest, len);
	if (strcasecmp(host, registry) != 0 && !(is_docker_io(host) && is_docker_io(registry)))
		return 0;
	const char *path = rest + len;
	if (url)
		return !*path || str_eq(path, "/") || str_starts(path, "/v1/") || str_eq(path, "/v1") || str_eq(path, "/v2/");
	if (!*path)
		return 2;
	size_t n = strlen(++path);
	bool above = n && strncmp(repository, path, n) == 0 && (!repository[n] || repository[n] == '/');
	return above ? 2 + n : 0;
}

static char *take_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text && *text ? str_dup(text) : NULL;
}

static bool ends_in_nuls(const struct buf *pair)
{
	for (size_t i = strlen(pair->data); i < pair->len; i++)
		if (pair->data[i])
			return false;
	return true;
}

/* "auth" is the base64 of user:password; docker's may end in NULs. */
static int read_entry(const char *key, const json_t *entry, struct login *login, struct err *err)
{
	cleanup_free char *auth = take_text(entry, "auth");
	cleanup_buf struct buf pair = { 0 };
	login->username = take_text(entry, "username");
	login->password = take_text(entry, "password");
	login->identity_token = take_text(entry, "identitytoken");
	if (!login->identity_token && !login->password && json_object_get(entry, "registrytoken"))
		return err_set(err, -ENOTSUP, "%.200s: a registrytoken is not understood", key);
	if (!auth)
		return 0;
	char *colon = base64_decode(auth, &pair) && pair.len ? strchr(pair.data, ':') : NULL;
	bool whole = colon && ends_in_nuls(&pair) && !strpbrk(pair.data, "\r\n");
	if (!whole)
		return err_set(err, -EBADMSG, "%.200s: its \"auth\" is not the base64 of USER:PASSWORD", key);
	forget(&login->username);
	forget(&login->password);
	login->username = str_ndup(pair.data, colon - pair.data);
	login->password = str_dup(colon + 1);
	explicit_bzero(pair.data, pair.len);
	if (!*login->password)
		forget(&login->password); /* a token stands beside it */
	return 0;
}

static int find_entry(const json_t *auths, const char *registry, const char *repository, struct login *login, struct err *err)
{
	const char *key, *best_key = NULL;
	json_t *value, *best = NULL;
	size_t best_fit = 0;
	json_object_foreach((json_t *)auths, key, value) {
		size_t found = fit(key, registry, repository);
		if (found > best_fit && json_is_object(value) && json_object_size(value)) {
			best_fit = found;
			best = value;
			best_key = key;
		}
	}
	return best ? read_entry(best_key, best, login, err) : 0;
}

static char *find_helper(const json_t *helpers, const char *registry)
{
	const char *key;
	json_t *value;
	size_t best = 0;
	char *helper = NULL;
	json_object_foreach((json_t *)helpers, key, value) {
		size_t found = fit(key, registry, "");
		if (found <= best || !json_string_length(value))
			continue;
		best = found;
		free(helper);
		helper = str_dup(json_string_value(value));
	}
	return helper;
}

int authfile_read(const char *text, size_t len, const char *registry, const char *repository, struct authfile *ret_file,
	struct err *err)
{
	struct authfile file = { 0 };
	cleanup_json json_t *json = parse(text, len, err);
	if (!json)
		return err->code;
	file.helper = find_helper(json_object_get(json, "credHelpers"), registry);
	file.helper_alone = file.helper;
	if (!file.helper)
		file.helper = take_text(json, "credsStore");
	int r = file.helper_alone ? 0 : find_entry(json_object_get(json, "auths"), registry, repository, &file.login, err);
	if (r < 0)
		authfile_done(&file);
	else
		*ret_file = file;
	return r;
}

/* All keys that mean the registry, not those for a part of it; or the one that means this part. */
static bool is_key_of(const char *key, const char *registry, const char *repository)
{
	return *repository ? fit(key, registry, repository) == 2 + strlen(repository) : fit(key, registry, "") > 0;
}

static int remove_entries(json_t *auths, const char *registry, const char *repository)
{
	const char *key;
	json_t *value;
	void *next;
	int removed = 0;
	json_object_foreach_safe(auths, next, key, value)
		if ((!registry || is_key_of(key, registry, repository)) && json_object_del(auths, key) == 0)
			removed++;
	return removed;
}

static json_t *make_entry(const struct login *login)
{
	cleanup_free char *pair = str_fmt("%s:%s", login->username ? login->username : "", login->password ? login->password : "");
	cleanup_free char *auth = base64_encode(pair, strlen(pair));
	json_t *entry = json_pack("{s:s}", "auth", auth);
	if (login->identity_token)
		json_object_set_new(entry, "identitytoken", json_string(login->identity_token));
	return entry;
}

static char *make_key(const char *registry, const char *repository, bool docker)
{
	if (*repository)
		return str_fmt("%s/%s", registry, repository);
	return str_dup(docker && is_docker_io(registry) ? DOCKER_URL : registry);
}

int authfile_write(const char *text, size_t len, const char *registry, const char *repository, const struct login *login, bool docker,
	char **ret_text, struct err *err)
{
	cleanup_free char *new_key = login ? make_key(registry, repository, docker) : NULL;
	cleanup_json json_t *json = len ? parse(text, len, err) : json_object();
	if (!json)
		return err->code;
	json_t *auths = json_object_get(json, "auths");
	if (auths && !json_is_object(auths))
		return err_set(err, -EBADMSG, "its \"auths\" is not an object");
	if (!auths)
		json_object_set_new(json, "auths", auths = json_object());
	int removed = remove_entries(auths, registry, repository);
	if (login && json_object_set_new(auths, new_key, make_entry(login)) < 0)
		return err_set(err, -EINVAL, "the user's name or the password is not UTF-8");
	*ret_text = json_dumps(json, JSON_INDENT(8));
	return *ret_text ? removed : err_set(err, -ENOMEM, "it cannot be written");
}

int authfile_read_helpers(const char *text, size_t len, struct strv *ret_pairs, char **ret_store, struct err *err)
{
	const char *server;
	json_t *helper;
	cleanup_json json_t *json = parse(text, len, err);
	if (!json)
		return err->code;
	json_object_foreach(json_object_get(json, "credHelpers"), server, helper)
	{
		if (!json_is_string(helper))
			return err_set(err, -EBADMSG, "its \"credHelpers\" has something other than a name for %.100s", server);
		strv_add(ret_pairs, json_string_value(helper));
		strv_add(ret_pairs, server);
	}
	const char *store = json_string_value(json_object_get(json, "credsStore"));
	*ret_store = store && *store ? str_dup(store) : NULL;
	return 0;
}

int authfile_read_list(const char *text, size_t len, struct strv *ret_servers, struct err *err)
{
	const char *server;
	json_t *user;
	cleanup_json json_t *json = parse(text, len, err);
	if (!json)
		return err->code;
	json_object_foreach(json, server, user)
		strv_add(ret_servers, server);
	return 0;
}

/* A user called <token> has an identity token for a secret (docker-credential-helpers, README). */
int authfile_read_helper(const char *text, size_t len, struct login *ret_login, struct err *err)
{
	cleanup_json json_t *json = parse(text, len, err);
	if (!json)
		return err->code;
	const char *username = json_string_value(json_object_get(json, "Username"));
	const char *secret = json_string_value(json_object_get(json, "Secret"));
	if (!username || !secret || strpbrk(username, ":\r\n") || strpbrk(secret, "\r\n"))
		return err_set(err, -EBADMSG, "it has no usable Username and Secret");
	struct login login = { .username = str_dup(username) };
	if (str_eq(username, "<token>"))
		login.identity_token = str_dup(secret);
	else
		login.password = str_dup(secret);
	*ret_login = login;
	return 0;
}

char *authfile_write_helper(const char *server, const struct login *login)
{
	cleanup_json json_t *json =
		json_pack("{s:s, s:s, s:s}", "ServerURL", server, "Username", login->username, "Secret", login->password);
	return json ? json_dumps(json, JSON_COMPACT) : NULL;
}
