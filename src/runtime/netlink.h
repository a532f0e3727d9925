/* SPDX-License-Identifier: GPL-2.0-or-later */
/* netlink.h owns requests to the kernel about interfaces (rtnetlink(7)), in the network namespace of their socket. */
#ifndef XRUN_RUNTIME_NETLINK_H
#define XRUN_RUNTIME_NETLINK_H

#include "src/base/err.h"

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

/* A request under construction. It never overflows: what has no room makes netlink_ask fail. */
struct netlink {
	struct nlmsghdr header;
	char body[2048];
};

/* A socket that hears of interfaces as they appear and change. */
int netlink_open(struct err *err);

/* Begins a request of a type (RTM_*) with its fixed part. NLM_F_* beside NLM_F_REQUEST and NLM_F_ACK. */
void netlink_begin(struct netlink *request, int type, int flags, const void *head, size_t len);

/* Adds an attribute; between nest and its end they are inside another. */
void netlink_add(struct netlink *request, int type, const void *data, size_t len);
size_t netlink_nest(struct netlink *request, int type);
void netlink_end(struct netlink *request, size_t nest);

/* Sends it and takes the kernel's answer: 0 or a negative errno, with no err filled. */
int netlink_ask(int fd, struct netlink *request);

/* Waits until there is an interface of that name: its index. */
int netlink_await_link(int fd, const char *name, struct err *err);

/*
 * Waits until somebody is at the interface's other end and the kernel has taken notice: what is sent before is lost
 * (net/core/link_watch.c).
 */
int netlink_await_carrier(int fd, int index, struct err *err);

#endif
