/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_authfile.c: files with credentials, helpers' answers, and what is passed on to xrun-fetch. */
#include "registry/endpoint.h"
#include "src/access/authfile.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define TEXT "{\"auths\": {\"https://index.docker.io/v1/\": {\"auth\": \"YW5uOnNlY3JldA==\"}, \"a.example/team\": {\"auth\": \"eDp5\","
const unsigned fuzz_rounds = 10000;
FUZZ_SEEDS(SEED("a.example\0team/x\0" TEXT "\"identitytoken\": \"t\"}}, \"credHelpers\": {\"b.example:5000\": \"own\"}}"),
	SEED("docker.io\0library/x\0" TEXT "\"username\": \"u\", \"password\": \"p\"}}, \"credsStore\": \"all\"}"),
	SEED("a.example\0x\0{\"Username\": \"ann\", \"Secret\": \"s\"}"),
	SEED("a\0b\0{\"Username\": \"<token>\", \"Secret\": \"s\"}"),
	SEED("a\0b\0registry=a\0repository=x/y\0insecure=\0registry=b\0username=u\0password=p\0ca=-----\0"))

static void try_write(const char *text, size_t len, const char *registry)
{
	struct err err = { 0 };
	struct authfile file;
	char username[] = "user", password[] = "pass:word";
	cleanup_free char *changed = NULL;
	const struct login login = { .username = username, .password = password };
	if (strpbrk(registry, "/") || authfile_write(text, len, registry, "", &login, true, &changed, &err) < 0)
		return;
	int r = authfile_read(changed, strlen(changed), registry, "", &file, &err);
	CHECK(r == 0 && (file.helper_alone || str_eq(file.login.password, password)));
	authfile_done(&file);
}

static void try_endpoints(const char *text, size_t len)
{
	struct err err = { 0 };
	struct endpoints endpoints, again;
	cleanup_buf struct buf written = { 0 };
	if (endpoints_read(text, len, &endpoints, &err) < 0)
		return;
	endpoints_write(&endpoints, &written);
	CHECK(endpoints_read(written.data, written.len, &again, &err) == 0 && again.count == endpoints.count);
	for (size_t i = 0; i < again.count; i++)
		CHECK(str_eq(again.items[i].registry, endpoints.items[i].registry) && again.items[i].registry);
	endpoints_done(&endpoints);
	endpoints_done(&again);
}

static void try_helpers(const char *text, size_t len)
{
	struct err err = { 0 };
	cleanup_strv struct strv pairs = { 0 }, servers = { 0 };
	cleanup_free char *store = NULL, *emptied = NULL, *again = NULL;
	if (authfile_read_helpers(text, len, &pairs, &store, &err) == 0)
		CHECK(pairs.len % 2 == 0 && (!store || *store));
	authfile_read_list(text, len, &servers, &err);
	if (authfile_write(text, len, NULL, "", NULL, true, &emptied, &err) >= 0)
		CHECK(authfile_write(emptied, strlen(emptied), NULL, "", NULL, true, &again, &err) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { 0 };
	struct authfile file;
	cleanup_login struct login login = { 0 };
	cleanup_free char *registry = fuzz_text(&data, &size), *repository = fuzz_text(&data, &size);
	cleanup_free char *text = mem_new(size + 1);
	memcpy(text, data, size);
	int r = authfile_read(text, size, registry, repository, &file, &err);
	CHECK(r <= 0 && r == err.code);
	if (r == 0) {
		CHECK(!file.login.password || !strpbrk(file.login.username ? file.login.username : "", "\r\n"));
		authfile_done(&file);
	}
	if (authfile_read_helper(text, size, &login, &err) == 0)
		CHECK(login.username && !strpbrk(login.username, ":\r\n"));
	try_helpers(text, size);
	try_write(text, size, registry);
	try_endpoints(text, size);
	return 0;
}
