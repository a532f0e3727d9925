/* SPDX-License-Identifier: GPL-2.0-or-later */
/* choice.c owns emulators.conf: which emulators the user's and the machine's file name. */
#include "binfmt/choice.h"

#include "src/base/account.h"
#include "src/base/fd.h"
#include "src/base/str.h"
#include "src/base/toml.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { FILE_LIMIT = 65536, LINES_LIMIT = 64 };

struct reading {
	const char *name;
	const struct arch *wanted;
	const struct arch *seen[LINES_LIMIT];
	size_t count;
	struct choice *choice;
	bool exact; /* the choice is for the wanted architecture itself, not for one with the same emulator */
};

void choice_done(struct choice *choice)
{
	free(choice->path);
	free(choice->where);
	*choice = (struct choice){ 0 };
}

static int check_line(const struct reading *r, const struct toml_event *event, const struct arch *arch, struct err *err)
{
	if (!arch)
		return err_set(err, -EINVAL, "unknown architecture %s; `xrun binfmt status` lists them", event->key);
	if (event->kind != TOML_TEXT || *event->text != '/')
		return err_set(err, -EINVAL, "%s: an emulator is written like \"/usr/local/bin/qemu-%s\"", event->key, arch->qemu);
	for (size_t i = 0; i < r->count; i++)
		if (r->seen[i] == arch)
			return err_set(err, -EINVAL, "%s: there is a line for %s already", event->key, arch->name);
	return r->count < LINES_LIMIT ? 0 : err_set(err, -E2BIG, "more than %d lines", LINES_LIMIT);
}

static int take(void *context, const struct toml_event *event, struct err *err)
{
	struct reading *r = context;
	if (event->kind == TOML_TABLE || event->kind == TOML_ITEM)
		return err_set(err, -EINVAL, "[%s]: there are no tables here, only lines ARCH = \"FILE\"", event->table);
	const struct arch *arch = arch_by_name(event->key);
	int n = check_line(r, event, arch, err);
	if (n < 0)
		return n;
	r->seen[r->count++] = arch;
	if (r->exact || (arch != r->wanted && (r->choice->path || !str_eq(arch->qemu, r->wanted->qemu))))
		return 0;
	choice_done(r->choice);
	*r->choice = (struct choice){ str_dup(event->text), str_fmt("%s:%u", r->name, event->line) };
	r->exact = arch == r->wanted;
	return 0;
}

int choice_read(const char *name, const char *text, size_t len, const struct arch *arch, struct choice *ret_choice, struct err *err)
{
	struct choice choice = { 0 };
	struct reading reading = { .name = name, .wanted = arch, .choice = &choice };
	int r = len ? toml_read(text, len, take, &reading, err) : 0;
	if (r < 0) {
		choice_done(&choice);
		choice.where = str_dup(name);
		err_prefix(err, "%s", name);
	}
	*ret_choice = choice;
	return r;
}

/* One that is there and cannot be read is an error; one in a directory that is closed to us is not there for us. */
static int read_file(const char *path, const struct arch *arch, struct choice *ret_choice, struct err *err)
{
	cleanup_buf struct buf text = { 0 };
	if (access(path, F_OK) < 0)
		return 0;
	int r = fd_read_file(AT_FDCWD, path, FILE_LIMIT, &text, err);
	if (r < 0)
		ret_choice->where = str_dup(path);
	return r < 0 ? r : choice_read(path, text.data, text.len, arch, ret_choice, err);
}

int choice_find(const struct arch *arch, struct choice *ret_choice, struct err *err)
{
	cleanup_free char *config = geteuid() == 0 ? NULL : account_config();
	cleanup_free char *user = config ? str_fmt("%s/xrun/emulators.conf", config) : NULL;
	*ret_choice = (struct choice){ 0 };
	int r = user ? read_file(user, arch, ret_choice, err) : 0;
	return r < 0 || ret_choice->path ? r : read_file(CHOICE_MACHINE, arch, ret_choice, err);
}
