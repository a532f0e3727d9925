/* SPDX-License-Identifier: GPL-2.0-or-later */
/* env.c owns reading --env-file. */
#include "src/cli/run.h"

#include "src/base/fd.h"

#include <fcntl.h>

int cli_read_env_files(struct request *request, struct err *err)
{
	for (size_t i = 0; i < request->env_files.len; i++) {
		const char *file = request->env_files.items[i];
		cleanup_buf struct buf text = { 0 };
		int r = fd_read_file(AT_FDCWD, file, 1 << 20, &text, err);
		if (r < 0)
			return err_prefix(err, "--env-file");
		if (text.len)
			r = request_add_env_file(request, file, text.data, text.len, err);
		if (r < 0)
			return r;
	}
	return 0;
}
