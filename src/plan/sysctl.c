/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sysctl.c owns which kernel settings a container has of its own (namespaces(7)), and --sysctl. Pure. */
#include "src/plan/sysctl.h"

#include "src/plan/parts.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

enum namespace_kind sysctl_namespace(const char *path)
{
	static const char *const ipc[] = { "kernel/msgmax", "kernel/msgmnb", "kernel/msgmni", "kernel/sem", "kernel/shmall",
		"kernel/shmmax", "kernel/shmmni", "kernel/shm_rmid_forced" };
	for (size_t i = 0; i < sizeof ipc / sizeof *ipc; i++)
		if (str_eq(path, ipc[i]))
			return NAMESPACE_IPC;
	if (str_eq(path, "kernel/hostname") || str_eq(path, "kernel/domainname"))
		return NAMESPACE_UTS;
	return str_starts(path, "fs/mqueue/") ? NAMESPACE_IPC : str_starts(path, "net/") ? NAMESPACE_NETWORK : NAMESPACE_KINDS;
}

/* Letters, digits and what interfaces' names have: no way to another file. A value is one line. */
static bool is_written_well(const char *key, const char *value)
{
	for (const char *at = key; *at; at++)
		if (!isalnum((unsigned char)*at) && !strchr("._-", *at))
			return false;
	for (const char *at = value; *at; at++)
		if (iscntrl((unsigned char)*at) && *at != '\t')
			return false;
	return *value && !strstr(key, "..") && key[strlen(key) - 1] != '.';
}

static int plan_one(const struct request *q, const char *text, struct spec *spec, struct err *err)
{
	const char *equals = strchr(text, '=');
	cleanup_free char *key = str_ndup(text, equals ? (size_t)(equals - text) : strlen(text));
	for (char *at = key; *at; at++) /* sysctl(8) takes both */
		if (*at == '/')
			*at = '.';
	if (!equals || !*key || !is_written_well(key, equals + 1))
		return err_set(err, -EINVAL, "--sysctl %s: write it as NAME=VALUE, net.core.somaxconn=1024", text);
	for (char *at = key; *at; at++)
		if (*at == '.')
			*at = '/';
	enum namespace_kind kind = sysctl_namespace(key);
	if (kind != NAMESPACE_NETWORK && kind != NAMESPACE_IPC) /* the UTS namespace's have options of their own */
		return err_set(err, -EINVAL, "--sysctl %s: a container has settings of its own in net, fs.mqueue and kernel's msg*, sem and "
			"shm*; this one is the host's", text);
	if (kind == NAMESPACE_NETWORK && q->network && (str_eq(q->network, "host") || plan_is_shared(q->network)))
		return err_set(err, -EINVAL, "--sysctl %s: with --network %s the network's settings are not the container's", text,
			q->network);
	if (kind == NAMESPACE_IPC && q->ipc && (str_eq(q->ipc, "host") || plan_is_shared(q->ipc)))
		return err_set(err, -EINVAL, "--sysctl %s: with --ipc %s these settings are not the container's", text, q->ipc);
	cleanup_free char *assignment = str_fmt("%s%s", key, equals);
	strv_env_set(&spec->isolation.sysctls, assignment);
	return 0;
}

int plan_sysctls(const struct request *q, struct spec *spec, struct err *err)
{
	for (size_t i = 0; i < q->sysctls.len; i++) {
		int r = plan_one(q, q->sysctls.items[i], spec, err);
		if (r < 0)
			return r;
	}
	return 0;
}
