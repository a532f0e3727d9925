/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe.h owns asking this machine whether containers can run on it, by doing what a container's start does. Nothing is
 * changed for good. Each adds its findings; what cannot be tried, because something before it is broken, is left out.
 */
#ifndef XRUN_RUNTIME_PROBE_H
#define XRUN_RUNTIME_PROBE_H

#include "src/base/finding.h"
#include "src/runtime/idmap.h"

#include <stdbool.h>

/* System calls, without any privilege: openat2, clone3, mounts by descriptor, idmapped mounts. */
void probe_calls(struct findings *findings);

/* User namespaces, and what limits them. False: there are none to be had, so nothing else can be tried. */
bool probe_user_namespaces(struct findings *findings);

/* Subordinate ids (subuid(5)): the lines of /etc/subuid and /etc/subgid, newuidmap(1), and writing the map. */
void probe_ids(struct findings *findings);

/* In a user namespace with `map`: the other seven namespaces, the container's file systems, the seccomp filter. */
void probe_namespaces(const struct idmap *map, struct findings *findings);

/* The store's file system: an overlay in it, free space, and for root whether it takes idmapped mounts. */
void probe_store(const struct idmap *map, int store_fd, struct findings *findings);

/* Whether each kind of limit can be enforced: a cgroup is made, limited, entered and removed. */
void probe_limits(struct findings *findings);

/* The programs that give containers a network: pasta(1), slirp4netns(1), and the device that they open. */
void probe_network(struct findings *findings);

/* For their use: runs call(context, err) in a child; what it returned. A child that a signal ended is an error, too. */
int probe_in_child(int (*call)(void *context, struct err *err), void *context, struct err *err);

/* A seccomp filter that our caller set is around us, as docker's is: it explains what is denied. */
bool probe_is_filtered(void);

/* The number in a file of /proc/sys; -1 where there is none. */
long probe_sysctl(const char *path);

#endif
