/* SPDX-License-Identifier: GPL-2.0-or-later */
/* network.h owns how published ports are written (docker-run(1), --publish). Pure. */
#ifndef XRUN_PLAN_NETWORK_H
#define XRUN_PLAN_NETWORK_H

#include "src/base/err.h"
#include "src/plan/spec.h"

/* Adds "[[ADDRESS:][HOST]:]CONTAINER[/tcp|/udp]"; ports may be ranges of one length; IPv6 addresses are in brackets. */
int network_add_port(struct spec_network *network, const char *text, struct err *err);

/* Whether two that have ports of the host cannot both have them. */
bool network_ports_meet(const struct spec_port *a, const struct spec_port *b);

/* The same text of a port, for people and to be read back; the caller's. */
char *network_port_text(const struct spec_port *port);

/* Where the host has it, as docker writes it, without the port: "0.0.0.0", "[::1]"; the caller's. */
char *network_host_text(const struct spec_port *port);

/* The word of --network: "private"; before the other's name, "container:". */
const char *network_mode_text(enum network mode);

/*
 * The whole of it as NAME=VALUE, a line for each option that has an effect, in the options' own names; lists have blanks
 * between their words. And such a line taken back: 0, -ENOENT for a name that is not one of these, or -EINVAL.
 */
void network_describe(const struct spec_network *network, struct strv *ret_lines);
int network_recall(struct spec_network *network, const char *name, const char *value, struct err *err);

#endif
