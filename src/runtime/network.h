/* SPDX-License-Identifier: GPL-2.0-or-later */
/* network.h owns the host's side of a container's network: what is looked up for it, and the program that connects it. */
#ifndef XRUN_RUNTIME_NETWORK_H
#define XRUN_RUNTIME_NETWORK_H

#include "src/base/err.h"
#include "src/plan/spec.h"
#include "src/runtime/idmap.h"

#include <sys/types.h>

/*
 * Before a start: finds the helper, claims ports and writes the texts in spec->network. Where a private network was not
 * asked for and cannot be had, the mode becomes NETWORK_NONE and *ret_note, allocated, says why; else it is an error.
 */
int network_prepare(struct spec *spec, char **ret_note, struct err *err);

/* Checks that published ports are free, and chooses those that were left open. */
int network_claim_ports(struct spec_network *network, struct err *err);

/* The helper while it runs; `died_fd` (a pidfd) is readable once it has ended. All zero but died_fd = output_fd = -1: none. */
struct network_helper {
	pid_t pid;
	int died_fd, output_fd;
	const char *helper;
};

/*
 * Starts the helper for the network namespace behind netns_fd, as root of the user namespace behind userns_fd, which owns
 * it or is above its owner. The helper is a child that dies with us. It is not waited for: interface_configure does.
 */
int network_start(struct network_helper *ret_helper, const struct spec *spec, const struct idmap *map, int userns_fd, int netns_fd,
	struct err *err);

/* What the helper said when it ended, as a failure. */
int network_failed(struct network_helper *network, struct err *err);

/* Ends it, and waits until it has: who has other things to put away as well says so first, and waits last. */
void network_end(struct network_helper *network);
void network_stop(struct network_helper *network);

#endif
