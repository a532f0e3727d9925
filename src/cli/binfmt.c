/* SPDX-License-Identifier: GPL-2.0-or-later */
/* binfmt.c owns `xrun binfmt`. */
#include "src/cli/cli.h"

#include "binfmt/binfmt.h"
#include "src/base/fd.h"
#include "src/cli/listing.h"

#include <errno.h>
#include <stdio.h>

struct wish {
	bool persistent, credentials, help;
	const char *format;
};

const struct option binfmt_options[] = {
	{ "persistent", 0, OPTION_SWITCH, offsetof(struct wish, persistent), NULL, "install: also write /etc/binfmt.d, to survive a reboot" },
	{ "credentials", 0, OPTION_SWITCH, offsetof(struct wish, credentials), NULL, "install: let foreign set-uid programs gain privileges" },
	{ "format", 0, OPTION_TEXT, offsetof(struct wish, format), "json", "status: for programs" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

static const struct column columns[] = {
	{ "ARCH", "arch" }, { "PLATFORM", "platform" }, { "WAY", "way" }, { "EMULATOR", "emulator" }, { "REASON", "reason" }, { 0 },
};

static const char *const ways[] = { "native", "private", "host", "none" };

static int status_of(const struct arch *arch, struct listing *listing, struct err *err)
{
	struct binfmt_answer answer = { 0 };
	int r = binfmt_ask(arch, NULL, &answer, err);
	if (r < 0)
		return r;
	cleanup_free char *platform = str_fmt("linux/%s%s%s", arch->oci_arch, *arch->oci_variant ? "/" : "", arch->oci_variant);
	cleanup_free char *emulator = answer.emulator;
	listing_add(listing, (const char *[]){ arch->name, platform, ways[answer.way], emulator,
					answer.way == BINFMT_NONE ? answer.why_not.text : NULL });
	return 0;
}

/* install and remove go by emulator: arm's variants share one. */
static int install(const struct arch *arch, const struct wish *wish, bool named, struct err *err)
{
	struct host_handler before;
	cleanup_free char *path = NULL;
	if (!named && binfmt_is_native(arch))
		return 0;
	cleanup_fd int fd = emulator_open(arch, NULL, &path, err);
	if (fd == -ENOENT && !named) {
		err_clear(err);
		return 0;
	}
	int r = fd < 0 ? fd : binfmt_host_find(arch, &before, err);
	if (r == 0)
		r = binfmt_host_install(arch, path, wish->credentials, wish->persistent, err);
	if (r < 0)
		return r;
	if (before.registered)
		printf("%s: already handled by %s (%s)\n", arch->name, before.name, before.interpreter);
	else
		printf("%s: registered %s\n", arch->name, path);
	return 0;
}

static int visit(const char *verb, const struct arch *arch, const struct wish *wish, bool named, struct listing *listing, struct err *err)
{
	if (str_eq(verb, "status"))
		return status_of(arch, listing, err);
	return str_eq(verb, "install") ? install(arch, wish, named, err) : binfmt_host_remove(arch, err);
}

static int visit_all(const char *verb, const struct wish *wish, struct listing *listing, struct err *err)
{
	size_t count;
	int r = 0;
	const struct arch *table = arch_table(&count);
	for (size_t i = 0; r == 0 && i < count; i++) {
		bool shared = i > 0 && str_eq(table[i].qemu, table[i - 1].qemu);
		if (!shared || str_eq(verb, "status"))
			r = visit(verb, &table[i], wish, false, listing, err);
	}
	return r;
}

static int visit_named(const char *verb, const struct strv *names, const struct wish *wish, struct listing *listing, struct err *err)
{
	int r = 0;
	for (size_t i = 1; r == 0 && i < names->len; i++) {
		const struct arch *arch = arch_by_name(names->items[i]);
		r = arch ? visit(verb, arch, wish, true, listing, err) :
			   err_set(err, -EINVAL, "unknown architecture %s; `xrun binfmt status` lists them", names->items[i]);
	}
	return r;
}

int command_binfmt(const struct globals *globals, int argc, char **argv, struct err *err)
{
	(void)globals;
	struct wish wish = { 0 };
	cleanup_strv struct strv operands = { 0 };
	int r = options_parse(binfmt_options, &wish, argc, argv, false, &operands, err);
	if (r < 0)
		return r;
	if (wish.help)
		return cli_print_help("binfmt");
	const char *verb = operands.len ? operands.items[0] : "status";
	if (!str_eq(verb, "status") && !str_eq(verb, "install") && !str_eq(verb, "remove"))
		return err_set(err, -EINVAL, "binfmt %s: there are status, install and remove", verb);
	r = listing_check_format(wish.format, err);
	if (r < 0)
		return r;
	cleanup_listing struct listing listing = { .columns = columns };
	r = operands.len > 1 ? visit_named(verb, &operands, &wish, &listing, err) : visit_all(verb, &wish, &listing, err);
	return r == 0 && str_eq(verb, "status") ? listing_print(&listing, wish.format, err) : r;
}
