/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verify.c owns `xrun store verify`. */
#include "src/cli/cli.h"

#include "src/base/fd.h"
#include "src/cli/local.h"
#include "src/cli/selection.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct wish {
	bool repair, tls_verify, help;
};

const struct option store_options[] = {
	{ "repair", 0, OPTION_SWITCH, offsetof(struct wish, repair), NULL, "=false: only say what is damaged" },
	{ "tls-verify", 0, OPTION_SWITCH, offsetof(struct wish, tls_verify), NULL, "=false: accept plain HTTP and unknown certificates" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

/* Images that have lost a blob, as xrun-fetch wrote them: a name and a platform on two lines. */
static int look(const struct selection *s, const struct wish *wish, struct strv *lost, struct err *err)
{
	char *argv[] = { "xrun-fetch", "verify", wish->repair ? "repair" : "look", s->map.single ? "--single-id" : NULL, NULL };
	cleanup_buf struct buf text = { 0 };
	cleanup_fd int fd = memfd_create("lost", MFD_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "cannot make a file in memory");
	fflush(stdout);
	int r = cli_helper(argv, fd, &s->map, s->dir_fd, err);
	if (r == 0 && (lseek(fd, 0, SEEK_SET) < 0 || fd_read_all(fd, 64 << 20, &text) < 0))
		r = err_sys(err, "cannot read what is lost");
	char *rest = text.data, *line;
	while (r == 0 && (line = strsep(&rest, "\n")) && *line)
		strv_add(lost, line);
	return r;
}

static int fetch_again(const struct selection *s, const struct wish *wish, const char *name, const char *platform, struct err *err)
{
	cleanup_source struct source source = { 0 };
	int r = source_parse(name, &source, err);
	struct fetch fetch = { .image = source.name, .tls_verify = wish->tls_verify, .quiet = true };
	if (r == 0 && !platform_parse(platform, &fetch.platform))
		r = err_set(err, -EINVAL, "%s: not a platform", platform);
	return r < 0 ? r : local_fetch(&source, &fetch, &s->map, s->dir_fd, err);
}

/* The number of those that could not be had. */
static size_t fetch_lost(const struct selection *s, const struct wish *wish, const struct strv *lost)
{
	size_t failed = 0;
	for (size_t i = 0; i + 1 < lost->len; i += 2) {
		struct err err = { 0 };
		int r = fetch_again(s, wish, lost->items[i], lost->items[i + 1], &err);
		if (r == 0)
			printf("%s (%s): brought again\n", lost->items[i], lost->items[i + 1]);
		else
			printf("%s (%s): cannot be brought again: %s; try: xrun pull --platform %s %s\n", lost->items[i], lost->items[i + 1],
				err.text, lost->items[i + 1], lost->items[i]);
		failed += r < 0;
	}
	return failed;
}

/* Once more after something was fetched: its layers could not be compared before. */
static int verify(const struct selection *s, const struct wish *wish, struct err *err)
{
	cleanup_strv struct strv lost = { 0 }, still_lost = { 0 };
	int r = look(s, wish, &lost, err);
	if (r < 0 || lost.len == 0)
		return r;
	if (!wish->repair)
		return err_set(err, -EBADMSG, "%zu of the store's images have lost a blob; without --repair=false they would be brought again",
			lost.len / 2);
	size_t failed = fetch_lost(s, wish, &lost);
	if (failed)
		return err_set(err, -EBADMSG, "%zu of the store's images are damaged still; bring them again, or remove them with xrun rmi",
			failed);
	r = look(s, wish, &still_lost, err);
	if (r == 0 && still_lost.len)
		r = err_set(err, -EBADMSG, "%s is damaged again: is the disk failing?", still_lost.items[0]);
	return r;
}

static int verify_one(const struct selection *s, const struct wish *wish, const char *suffix, uint32_t uid, uint32_t gid, struct err *err)
{
	const struct idmap map = idmap_keep(&s->map, uid, gid);
	cleanup_free char *option = str_fmt("--suffix=%s", suffix);
	char *argv[] = { "xrun-fetch", "verify", wish->repair ? "repair" : "look", option, NULL };
	fflush(stdout);
	return cli_helper(argv, -1, &map, s->dir_fd, err);
}

/* The layers of --userns keep-id, for each choice of ids that there is. */
static int verify_kept(const struct selection *s, const struct wish *wish, struct err *err)
{
	int fd = openat(s->dir_fd, "layers", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r = 0;
	cleanup_strv struct strv seen = { 0 };
	cleanup_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return err_sys(err, "cannot list the store's layers");
	for (struct dirent *entry; r == 0 && (entry = readdir(dir));) {
		const char *suffix = strchr(entry->d_name + 1, '.');
		uint32_t uid, gid;
		if (!suffix || sscanf(suffix, ".%u.%u", &uid, &gid) != 2 || strv_has(&seen, suffix))
			continue;
		strv_add(&seen, suffix);
		r = verify_one(s, wish, suffix, uid, gid, err);
	}
	return r;
}

/* A damaged index.json is to be mended: no image is looked for in it. */
static int open_place(const struct globals *globals, struct selection *s, struct err *err)
{
	int r = idmap_plan(&s->map, err);
	if (r == 0)
		r = s->dir_fd = cli_open_store_dir(globals, &s->map, err);
	return r < 0 ? r : store_open(&s->store, s->dir_fd, false, err);
}

static int bad_words(const struct strv *words, struct err *err)
{
	if (words->len > 1 && str_eq(words->items[0], "verify"))
		return err_set(err, -EINVAL, "store verify %s: it looks at the whole store, and takes no name", words->items[1]);
	return err_set(err, -EINVAL, "store %s: there is verify; write xrun store verify", words->len ? words->items[0] : "needs a command");
}

int command_store(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { .repair = true, .tls_verify = true };
	cleanup_strv struct strv words = { 0 };
	cleanup_selection struct selection selection = SELECTION_CLOSED;
	int r = options_parse(store_options, &wish, argc, argv, false, &words, err);
	if (r == 0 && wish.help)
		return cli_print_help("store");
	if (r == 0 && (words.len != 1 || !str_eq(words.items[0], "verify")))
		r = bad_words(&words, err);
	if (r == 0)
		r = open_place(globals, &selection, err);
	if (r == -ENOENT) { /* nothing was ever pulled */
		err_clear(err);
		return 0;
	}
	store_close(&selection.store); /* layers are replaced only when nobody has it open */
	if (r == 0)
		r = verify(&selection, &wish, err);
	return r < 0 || geteuid() == 0 ? r : verify_kept(&selection, &wish, err);
}
