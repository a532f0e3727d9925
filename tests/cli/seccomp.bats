#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Which system calls a container's programs may make.

load lib

prepare() {
	xrun pull -q "$NATIVE"
	cat >"$BATS_FILE_TMPDIR/calls.c" <<-'C'
		#define _GNU_SOURCE
		#include <errno.h>
		#include <sched.h>
		#include <stdio.h>
		#include <string.h>
		#include <sys/syscall.h>
		#include <unistd.h>

		/* Each of the words in argv: the call is made in a way that fails, and its errno printed. */
		int main(int argc, char **argv)
		{
			static const struct { const char *name; long arguments[5]; } calls[] = {
				{ "mount", { SYS_mount, 0, 0, 0, 0 } }, { "umount", { SYS_umount2, 0, 0 } },
				{ "unshare", { SYS_unshare, 1 } }, { "setns", { SYS_setns, -1, 0 } },
				{ "clone", { SYS_clone, CLONE_NEWUTS | CLONE_THREAD, 0, 0, 0 } }, { "clone3", { SYS_clone3, 0, 0 } },
				{ "keyctl", { SYS_keyctl, 9999 } }, { "bpf", { SYS_bpf, 9999, 0, 0 } },
				{ "perf", { SYS_perf_event_open, 0, 0, 0, 0 } }, { "open_tree", { 428, -1, 0, 0 } },
				{ "vsock", { SYS_socket, 40, 9999, 0 } }, { "alg", { SYS_socket, 38, 9999, 0 } },
				{ "inet", { SYS_socket, 2, 9999, 0 } }, { "ptrace", { SYS_ptrace, 9999, 0, 0, 0 } },
				{ "handle", { SYS_open_by_handle_at, -1, 0, 0 } }, { "settime", { SYS_clock_settime, 9999, 0 } },
				{ "mbind", { SYS_mbind, 1, 0, 0, 0 } }, { "io_uring", { 425, 0, 0 } },
				{ "personality", { SYS_personality, 0x12345678 } }, { "none", { 1000 } },
			};
			for (int i = 1; i < argc; i++)
				for (size_t c = 0; c < sizeof calls / sizeof *calls; c++)
					if (strcmp(argv[i], calls[c].name) == 0) {
						const long *a = calls[c].arguments;
						errno = 0;
						syscall(a[0], a[1], a[2], a[3], a[4]);
						printf("%s=%s ", argv[i], errno == EPERM ? "EPERM" : errno == ENOSYS ? "ENOSYS" : "made");
					}
		}
	C
	cc -static -o "$BATS_FILE_TMPDIR/calls" "$BATS_FILE_TMPDIR/calls.c"
	chmod 755 "$BATS_FILE_TMPDIR/calls"
}

# calls OPTION... -- NAME...: what became of the calls, in the native image.
calls() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	xrun "${options[@]}" -v "$BATS_FILE_TMPDIR/calls:/calls" "$NATIVE" /calls "$@"
}

@test "calls that reach beyond a container are forbidden" {
	[ "$(calls -- mount umount unshare setns clone keyctl bpf perf open_tree)" = \
		"mount=EPERM umount=EPERM unshare=EPERM setns=EPERM clone=EPERM keyctl=EPERM bpf=EPERM perf=EPERM open_tree=EPERM " ]
	[ "$(calls -- vsock alg inet handle settime mbind io_uring personality ptrace)" = \
		"vsock=EPERM alg=EPERM inet=made handle=EPERM settime=EPERM mbind=EPERM io_uring=EPERM personality=EPERM ptrace=made " ]
}

@test "calls that no profile knows are answered as by an older kernel" {
	[ "$(calls -- none clone3)" = "none=ENOSYS clone3=ENOSYS " ]
}

@test "a capability that is added brings its calls" {
	[ "$(calls --cap-add SYS_ADMIN -- mount umount unshare setns clone clone3 perf keyctl mbind)" = \
		"mount=made umount=made unshare=made setns=made clone=made clone3=made perf=made keyctl=EPERM mbind=EPERM " ]
	[ "$(calls --cap-add SYS_NICE --cap-add SYS_TIME -- mbind mount settime)" = "mbind=made mount=EPERM settime=made " ]
}

@test "the filter holds with no-new-privileges and for a user who is not root, too" {
	[ "$(calls --security-opt no-new-privileges -- mount inet none)" = "mount=EPERM inet=made none=ENOSYS " ]
	[ "$(calls -u app -- unshare inet none)" = "unshare=EPERM inet=made none=ENOSYS " ]
	[ "$(calls -u app --security-opt no-new-privileges -- unshare inet none)" = "unshare=EPERM inet=made none=ENOSYS " ]
}
