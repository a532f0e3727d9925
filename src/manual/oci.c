/* SPDX-License-Identifier: GPL-2.0-or-later */
/* oci.c owns the manual page of xrun-oci, one for all of its commands: who calls it is a program. */
#include "src/manual/manual.h"
#include "src/oci/oci.h"

#include <stdio.h>
#include <string.h>

static const char description[] =
	"Runs containers for engines, as the OCI runtime specification 1.2 says: podman, buildah, containerd, docker and CRI-O are\n"
	"told to call it. A root file system for another architecture is run by emulators that are registered for the container\n"
	"alone, unless the host has a handler; nothing on the host is changed.\n\n"
	"  podman --runtime /usr/bin/xrun-oci run --arch arm64 debian:12 uname -m\n\n"
	"Nothing of it stays running. A container's state is a directory below that of --root.\n";

static const char environment[] =
	"NOTIFY_SOCKET: where a service manager waits for the container (sd_notify(3)), a path or @NAME. The container gets a socket of its\n"
	"own by the same variable. Once its program sends READY=1 there the manager is told so, and nothing else of what it sends; start and\n"
	"run --detach return then, or when the container has ended. Unset it for who is not to wait.\n\n"
	"LISTEN_FDS: so many of the caller's descriptors from 3 on go to the program (sd_listen_fds(3)).\n";

static void print_commands(void)
{
	for (const struct oci_command *c = oci_commands; c->name; c++) {
		printf(".SS \"xrun\\-oci %s ", c->name);
		manual_text(c->usage, strlen(c->usage));
		puts("\"");
		manual_text(c->help, strlen(c->help));
		putchar('\n');
		if (c->text) {
			puts(".PP");
			manual_prose(c->text);
		}
		if (c->options)
			manual_options(c->options);
	}
}

void manual_oci(void)
{
	puts(".\\\" SPDX-License-Identifier: GPL-2.0-or-later\n.TH XRUN\\-OCI 1 \"\" \"xrun\" \"User Commands\"\n.SH NAME\n"
	     "xrun\\-oci \\- run containers of any CPU architecture for container engines\n.SH SYNOPSIS\n.B xrun\\-oci\n"
	     ".RI [ OPTIONS ]\n.I COMMAND ...\n.SH DESCRIPTION");
	manual_prose(description);
	puts(".SH OPTIONS");
	manual_options(oci_global_options);
	puts(".SH COMMANDS");
	print_commands();
	puts(".SH ENVIRONMENT");
	manual_prose(environment);
	puts(".SH \"EXIT STATUS\"\n.B run\nreturns the program's own, or 128+n for signal n. What fails is told by one line on standard error,\n"
	     "and in the file of\n.BR \\-\\-log ,\nwith status 1, whatever it is: engines read the words.\n"
	     ".SH \"SEE ALSO\"\n.BR xrun (1),\n.BR podman (1),\n.BR crun (1)");
}
