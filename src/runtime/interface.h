/* SPDX-License-Identifier: GPL-2.0-or-later */
/* interface.h owns the container's side of its network: what is done inside its network namespace before the program. */
#ifndef XRUN_RUNTIME_INTERFACE_H
#define XRUN_RUNTIME_INTERFACE_H

#include "src/base/err.h"
#include "src/plan/spec.h"

/* The private network's addresses, the same in every container: only the container sees them. */
#define INTERFACE_NAME "eth0"
#define INTERFACE_ADDRESS "10.0.2.100"
#define INTERFACE_PREFIX 24
#define INTERFACE_GATEWAY "10.0.2.2"
#define INTERFACE_NAMESERVER "10.0.2.3"    /* slirp4netns answers there */
#define INTERFACE_ADDRESS6 "fd00:0:0:2::100"
#define INTERFACE_GATEWAY6 "fe80::2"

/* Brings up lo. */
int interface_raise_loopback(struct err *err);

/*
 * Makes the interface in our network namespace, for the helper program to open: tun_set_iff in drivers/net/tun.c lets it have one
 * that is there. It is persistent, and so goes with the namespace, in the kernel's own time. One that goes with its last descriptor
 * holds up the helper's end, and who waits for that, for the 30 ms in which the kernel makes sure that nobody uses it any more.
 */
int interface_make(struct err *err);

/*
 * Waits for the interface, gives it addresses, routes and limits, brings it up, and waits until the helper is behind it. The
 * caller has the capability CAP_NET_ADMIN in the namespace, and is killed should the helper fail.
 */
int interface_configure(const struct spec_network *network, struct err *err);

#endif
