/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands.c owns the table of xrun-oci's commands, and what they share. */
#include "src/oci/oci.h"

#include "src/base/fd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define AT(field) offsetof(struct oci_globals, field)
const struct option oci_global_options[] = {
	{ "root", 0, OPTION_TEXT, AT(root), "DIR", "where containers' states are (default: /run/xrun-oci, $XDG_RUNTIME_DIR/xrun-oci)" },
	{ "log", 0, OPTION_TEXT, AT(log), "FILE", "append errors to this file as well" },
	{ "log-format", 0, OPTION_TEXT, AT(log_format), "FORMAT", "of its lines: text or json" },
	{ "log-level", 0, OPTION_TEXT, AT(log_level), "LEVEL", "errors are all there is to log: taken for other runtimes' sake" },
	{ "debug", 0, OPTION_SWITCH, AT(debug), NULL, "the same" },
	{ "systemd-cgroup", 0, OPTION_SWITCH, AT(systemd_cgroup), NULL, "have systemd make the container's cgroup, as a scope (cgroup v2)" },
	{ "cgroup-manager", 0, OPTION_TEXT, AT(cgroup_manager), "NAME", "cgroupfs; systemd: the same as --systemd-cgroup; disabled: none is made" },
	{ "optional-labels", 0, OPTION_SWITCH, AT(optional_labels), NULL,
		"where the machine has no AppArmor or SELinux, warn of profiles and labels for it instead of refusing" },
	{ "rootless", 0, OPTION_TEXT, AT(rootless), "BOOL", "found out by itself: taken for other runtimes' sake" },
	{ "version", 'v', OPTION_SWITCH, AT(version), NULL, "print the version" },
	{ "help", 'h', OPTION_SWITCH, AT(help), NULL, "print this" },
	{ 0 },
};

static const struct option no_options[] = { { 0 } };

const struct oci_command oci_commands[] = {
	{ "create", oci_create, "[OPTIONS] ID", "make a container of a bundle, up to its program", oci_create_options, NULL },
	{ "start", oci_start, "ID", "execute the program of one that was created", no_options, NULL },
	{ "state", oci_state, "ID", "print a container's state, as JSON", no_options, NULL },
	{ "kill", oci_kill, "[OPTIONS] ID [SIGNAL]", "send a signal to a container's first process", oci_kill_options, NULL },
	{ "delete", oci_delete, "[OPTIONS] ID", "remove what is left of a container", oci_delete_options, NULL },
	{ "run", oci_run, "[OPTIONS] ID", "create and start a container, and wait for it", oci_run_options, NULL },
	{ "exec", oci_exec, "[OPTIONS] ID COMMAND [ARG...]", "execute another program in a container that runs", oci_exec_options, NULL },
	{ "ps", oci_ps, "[OPTIONS] ID [PS-OPTION...]", "list the processes of a container", oci_ps_options, NULL },
	{ "list", oci_list, "[OPTIONS]", "list the containers", oci_list_options, NULL },
	{ "pause", oci_pause, "ID", "stop all of a container's processes where they are", no_options, NULL },
	{ "resume", oci_resume, "ID", "let them go on", no_options, NULL },
	{ "update", oci_update, "[OPTIONS] ID", "change the limits of a container that runs", oci_update_options, NULL },
	{ "events", oci_events, "[OPTIONS] ID", "print what a container uses, again and again, and when its memory is short, as JSON", oci_events_options, NULL },
	{ "features", oci_features, "", "print what config.json may ask for, as JSON", no_options, NULL },
	{ "spec", oci_spec, "[OPTIONS]", "write a config.json to begin with", oci_spec_options, NULL },
	{ 0 },
};

static int print_help(const struct oci_command *command)
{
	cleanup_buf struct buf text = { 0 };
	buf_fmt(&text, "Usage: xrun-oci %s %s\n\n%s%s", command->name, command->usage, command->text ? command->text : "", command->text ? "\n" : "");
	options_help(command->options, &text);
	fputs(text.data, stdout);
	return -ECANCELED;
}

int oci_parse_words(const char *name, void *target, int argc, char **argv, size_t min, size_t max, struct strv *ret_operands, struct err *err)
{
	const struct oci_command *command = oci_commands;
	while (!str_eq(command->name, name))
		command++;
	if (argc > 0 && (str_eq(argv[0], "--help") || str_eq(argv[0], "-h")))
		return print_help(command);
	int r = options_parse(command->options, target, argc, argv, max == SIZE_MAX, ret_operands, err);
	if (r < 0)
		return r;
	if (ret_operands->len < min || ret_operands->len > max)
		return err_set(err, -EINVAL, "usage: xrun-oci %s %s", name, command->usage);
	return 0;
}

void oci_relay_plainly(int terminal_fd)
{
	struct termios settings;
	if (terminal_fd < 0 || isatty(1) || tcgetattr(terminal_fd, &settings) < 0)
		return;
	settings.c_oflag &= ~(tcflag_t)ONLCR;
	tcsetattr(terminal_fd, TCSANOW, &settings);
}

int oci_container_open(const struct oci_globals *globals, const char *id, struct oci_container *ret_container, struct err *err)
{
	cleanup_fd int root_fd = engine_root_open(globals->root, err);
	cleanup_fd int dir_fd = root_fd < 0 ? root_fd : engine_open(root_fd, id, err);
	int r = dir_fd < 0 ? dir_fd : engine_state_read(dir_fd, id, &ret_container->state, err);
	if (r < 0)
		return r;
	ret_container->root_fd = fd_take(&root_fd);
	ret_container->dir_fd = fd_take(&dir_fd);
	return 0;
}

void oci_container_close(struct oci_container *container)
{
	engine_state_done(&container->state);
	fd_close(&container->root_fd);
	fd_close(&container->dir_fd);
}
