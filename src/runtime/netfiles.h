/* SPDX-License-Identifier: GPL-2.0-or-later */
/* netfiles.h owns what a container's /etc/hosts and /etc/resolv.conf say (hosts(5), resolv.conf(5)). Pure. */
#ifndef XRUN_RUNTIME_NETFILES_H
#define XRUN_RUNTIME_NETFILES_H

#include "src/plan/spec.h"

/*
 * /etc/hosts: localhost, the container's own name, and what --add-host asks for. `base` is the host's file for
 * --network host, else NULL; `gateway` is what host-gateway stands for. Allocated.
 */
char *netfiles_hosts(const struct spec *spec, const char *base, const char *gateway);

/*
 * /etc/resolv.conf, out of the host's and of what was asked for. Nameservers that only the host can reach (loopback, a
 * scope, IPv6 where there is none) are left out; none left: NULL, and the caller tries another file. Allocated.
 */
char *netfiles_resolv(const struct spec_network *network, const char *host_text);

/* Whether the host's file names the nameserver 127.0.0.1. */
bool netfiles_names_loopback(const char *host_text);

#endif
