/* SPDX-License-Identifier: GPL-2.0-or-later */
/* multiplex.c owns which calls can be made through socketcall(2) and ipc(2). */
#include "src/seccomp/multiplex.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *name, *through;
	unsigned operation;
} calls[] = {
	{ "socket", "socketcall", 1 }, { "bind", "socketcall", 2 }, { "connect", "socketcall", 3 },
	{ "listen", "socketcall", 4 }, { "accept", "socketcall", 5 }, { "getsockname", "socketcall", 6 },
	{ "getpeername", "socketcall", 7 }, { "socketpair", "socketcall", 8 }, { "send", "socketcall", 9 },
	{ "recv", "socketcall", 10 }, { "sendto", "socketcall", 11 }, { "recvfrom", "socketcall", 12 },
	{ "shutdown", "socketcall", 13 }, { "setsockopt", "socketcall", 14 }, { "getsockopt", "socketcall", 15 },
	{ "sendmsg", "socketcall", 16 }, { "recvmsg", "socketcall", 17 }, { "accept4", "socketcall", 18 },
	{ "recvmmsg", "socketcall", 19 }, { "sendmmsg", "socketcall", 20 },
	{ "semop", "ipc", 1 }, { "semget", "ipc", 2 }, { "semctl", "ipc", 3 }, { "semtimedop", "ipc", 4 },
	{ "msgsnd", "ipc", 11 }, { "msgrcv", "ipc", 12 }, { "msgget", "ipc", 13 }, { "msgctl", "ipc", 14 },
	{ "shmat", "ipc", 21 }, { "shmdt", "ipc", 22 }, { "shmget", "ipc", 23 }, { "shmctl", "ipc", 24 },
};

const char *multiplex_find(const char *name, unsigned *ret_operation, unsigned *ret_mask)
{
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		if (strcmp(calls[i].name, name) == 0) {
			*ret_operation = calls[i].operation;
			*ret_mask = calls[i].through[0] == 'i' ? 0xffff : ~0u;
			return calls[i].through;
		}
	}
	return NULL;
}
