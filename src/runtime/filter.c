/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filter.c owns loading seccomp filters. */
#include "src/runtime/filter.h"

#include "src/runtime/engine_listener.h"
#include "src/seccomp/ready.h"

#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static int load(const struct sock_filter *code, size_t len, uint64_t flags, struct err *err)
{
	const struct sock_fprog program = { .len = len, .filter = (struct sock_filter *)code };
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) < 0)
		return err_sys(err, "cannot load the seccomp filter");
	return 0;
}

static int load_default(uint64_t capabilities, struct err *err)
{
	size_t len;
	struct seccomp_program program = { 0 };
	const struct seccomp_setting setting = { .capabilities = capabilities };
	const struct sock_filter *ready = ready_default(capabilities, &len);
	if (ready)
		return load(ready, len, 0, err);
	int r = seccomp_compile(&seccomp_default, &seccomp_machine, &setting, &program, err);
	if (r == 0)
		r = load(program.code, program.len, 0, err);
	free(program.code);
	return r;
}

static int load_own(const struct spec_profile *own, int socket_fd, struct err *err)
{
	const struct sock_fprog program = { .len = own->len, .filter = own->code };
	if (own->asks)
		return engine_listener_load(&program, own->flags, socket_fd, err);
	return load(own->code, own->len, own->flags & ~SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, err);
}

int filter_load(const struct spec *spec, bool single, int socket_fd, struct err *err)
{
	const struct spec_profile *own = &spec->isolation.profile;
	int r = 0;
	if (spec->seccomp)
		r = own->text ? load_own(own, socket_fd, err) : load_default(spec->capabilities, err);
	if (r < 0 || !single)
		return r;
	size_t len;
	const struct sock_filter *ready = ready_single_id(&len);
	return load(ready, len, 0, err);
}
