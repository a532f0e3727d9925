/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probe_network.c owns finding the programs that give containers a network. */
#include "src/runtime/probe.h"

#include "src/base/fd.h"
#include "src/base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* The first line of what `PROGRAM --version` prints; NULL where there is no such program. */
static char *ask_version(const char *program)
{
	struct err ignored;
	pid_t pid;
	int output_fd;
	cleanup_buf struct buf output = { 0 };
	char *argv[] = { (char *)program, "--version", NULL };
	if (process_start(argv, &pid, &output_fd, &ignored) < 0)
		return NULL;
	if (process_finish(pid, output_fd, &output, &ignored) < 0 || !output.len)
		return str_dup(program);
	return str_ndup(output.data, strcspn(output.data, "\n"));
}

static void probe_tun(struct findings *findings)
{
	cleanup_fd int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd >= 0) {
		findings_add(findings, "network", "/dev/net/tun", FINDING_OK, "can be opened");
		return;
	}
	struct finding *f = findings_add(findings, "network", "/dev/net/tun", FINDING_LIMITED, "%s: no container of this user can reach a network "
		"but with --network host", strerror(errno));
	finding_mend(f, errno == ENOENT ? "sudo modprobe tun" : "sudo chmod 666 /dev/net/tun");
}

void probe_network(struct findings *findings)
{
	cleanup_free char *pasta = ask_version("pasta"), *slirp = ask_version("slirp4netns");
	if (pasta || slirp) {
		findings_add(findings, "network", pasta ? "pasta" : "slirp4netns", FINDING_OK, "%s", pasta ? pasta : slirp);
		probe_tun(findings);
		return;
	}
	struct finding *f = findings_add(findings, "network", "pasta", FINDING_LIMITED, "neither pasta nor slirp4netns is in PATH: containers "
		"reach a network with --network host only");
	finding_mend(f, "sudo apt install passt");
}
