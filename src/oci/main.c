/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c owns xrun-oci's way from argv to the exit status; it is the only file that prints an error. */
#include "src/oci/oci.h"

#include "src/base/rlimits.h"
#include "src/base/self.h"
#include "src/base/version.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static int print_help(void)
{
	cleanup_buf struct buf text = { 0 };
	puts("Usage: xrun-oci [OPTIONS] COMMAND ...\n\n"
	     "Runs containers for engines (podman, buildah, containerd, docker), as the OCI runtime specification says; foreign\n"
	     "images, too.\n\nCommands:");
	for (const struct oci_command *c = oci_commands; c->name; c++)
		printf("  %-10s %s\n", c->name, c->help);
	puts("\nOptions:");
	options_help(oci_global_options, &text);
	fputs(text.data, stdout);
	return 0;
}

static int run(struct oci_globals *globals, int argc, char **argv, struct err *err)
{
	cleanup_strv struct strv words = { 0 };
	int r = options_parse(oci_global_options, globals, argc - 1, argv + 1, true, &words, err);
	if (r < 0)
		return r;
	if (globals->version) {
		puts("xrun-oci version " XRUN_VERSION "\nspec: 1.2.0\n+SYSTEMD +SELINUX +APPARMOR +SECCOMP"); /* as with crun: what was built in */
		return 0;
	}
	if (globals->help || words.len == 0 || str_eq(words.items[0], "help"))
		return print_help();
	r = oci_log_open(globals, err);
	if (r < 0)
		return r;
	for (const struct oci_command *c = oci_commands; c->name; c++)
		if (str_eq(c->name, words.items[0]))
			return c->run(globals, (int)words.len - 1, argv + argc - words.len + 1, err);
	return err_set(err, -EINVAL, "unknown command %s; `xrun-oci --help` lists them", words.items[0]);
}

/* It takes as long as a hundred other calls: who does not pass descriptors on is spared that. */
static void look_at_descriptors(int argc, char **argv, struct oci_globals *globals)
{
	bool wanted = getenv("LISTEN_FDS");
	for (int i = 1; i < argc; i++)
		wanted |= str_starts(argv[i], "--preserve-fds");
	if (wanted)
		inherit_look(&globals->inherited);
}

int main(int argc, char **argv)
{
	struct err err = { 0 };
	struct oci_globals globals = { .log_fd = -1 };
	look_at_descriptors(argc, argv, &globals);
	cleanup_strv struct strv words = { 0 };
	int status = rlimits_check(&err);
	if (status == 0)
		status = self_begin(argv, &err);
	if (status == 0) {
		strv_copy(&words, argv); /* see src/main.c */
		status = run(&globals, argc, words.items, &err);
	}
	rlimits_explain(&err);
	if (err.text[0])
		oci_log_error(&globals, &err);
	if (status == -ECANCELED && !err.text[0])
		status = 0;
	if (status < 0)
		return err.status ? err.status : 1;
	return fflush(stdout) == 0 ? status : 1;
}
