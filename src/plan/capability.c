/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capability.c owns the names of capabilities. */
#include "src/plan/capability.h"

#include <linux/capability.h>
#include <stddef.h>
#include <strings.h>

/* In the order of <linux/capability.h>: the index is the number. */
static const char *const names[] = {
	"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
	"LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
	"SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
	"SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
	"MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
	"CHECKPOINT_RESTORE",
};
enum { NAME_COUNT = sizeof names / sizeof *names };

static uint64_t bit(int capability)
{
	return 1ull << capability;
}

uint64_t capability_default(void)
{
	return bit(CAP_CHOWN) | bit(CAP_DAC_OVERRIDE) | bit(CAP_FOWNER) | bit(CAP_FSETID) | bit(CAP_KILL) |
	       bit(CAP_SETGID) | bit(CAP_SETUID) | bit(CAP_SETPCAP) | bit(CAP_NET_BIND_SERVICE) | bit(CAP_NET_RAW) |
	       bit(CAP_SYS_CHROOT) | bit(CAP_MKNOD) | bit(CAP_AUDIT_WRITE) | bit(CAP_SETFCAP);
}

bool capability_by_name(const char *name, uint64_t *ret_bits)
{
	if (strcasecmp(name, "ALL") == 0) {
		*ret_bits = bit(NAME_COUNT) - 1;
		return true;
	}
	if (strncasecmp(name, "CAP_", 4) == 0)
		name += 4;
	for (int i = 0; i < NAME_COUNT; i++) {
		if (strcasecmp(name, names[i]) == 0) {
			*ret_bits = bit(i);
			return true;
		}
	}
	return false;
}

const char *capability_name(int number)
{
	return number >= 0 && number < NAME_COUNT ? names[number] : NULL;
}
