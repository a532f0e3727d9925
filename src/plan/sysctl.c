/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sysctl.c owns --sysctl: which kernel settings a container has of its own (namespaces(7)). Pure. */
#include "src/plan/parts.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

static bool is_listed(const char *key)
{
	static const char *const ipc[] = { "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall",
		"kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced" };
	for (size_t i = 0; i < sizeof ipc / sizeof *ipc; i++)
		if (str_eq(key, ipc[i]))
			return true;
	return str_starts(key, "fs.mqueue.") || str_starts(key, "net.");
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
	if (!is_listed(key))
		return err_set(err, -EINVAL, "--sysctl %s: a container has settings of its own in net, fs.mqueue and kernel's msg*, sem and "
			"shm*; this one is the host's", text);
	if (str_starts(key, "net.") && q->network && (str_eq(q->network, "host") || str_starts(q->network, "container:")))
		return err_set(err, -EINVAL, "--sysctl %s: with --network %s the network's settings are not the container's", text,
			q->network);
	if (!str_starts(key, "net.") && q->ipc && (str_eq(q->ipc, "host") || str_starts(q->ipc, "container:")))
		return err_set(err, -EINVAL, "--sysctl %s: with --ipc %s these settings are not the container's", text, q->ipc);
	for (char *at = key; *at; at++)
		if (*at == '.')
			*at = '/';
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
