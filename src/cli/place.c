/* SPDX-License-Identifier: GPL-2.0-or-later */
/* place.c owns what the commands about containers begin with. */
#include "src/cli/place.h"

#include "src/base/fd.h"
#include "src/runtime/containers.h"

#include <errno.h>

int place_open(struct place *ret_place, const struct globals *globals, struct err *err)
{
	int r = idmap_plan(&ret_place->map, err);
	if (r == 0)
		r = ret_place->store_fd = cli_open_store_dir(globals, &ret_place->map, err);
	if (r >= 0)
		r = ret_place->containers_fd = containers_open(ret_place->store_fd, &ret_place->map, err);
	return r < 0 ? r : 0;
}

void place_close(struct place *place)
{
	fd_close(&place->containers_fd);
	fd_close(&place->store_fd);
}

int subject_find(const struct place *place, const char *wish, struct subject *ret_subject, struct err *err)
{
	int r = state_find(place->containers_fd, wish, &ret_subject->state, &ret_subject->dir_fd, err);
	return r < 0 ? r : state_read_spec(ret_subject->dir_fd, &ret_subject->spec, err);
}

int subject_find_running(const struct place *place, const char *wish, struct subject *ret_subject, struct err *err)
{
	int r = subject_find(place, wish, ret_subject, err);
	if (r < 0)
		return r;
	enum state_status status = ret_subject->state.status;
	if (status == STATE_RUNNING)
		return 0;
	return err_set(err, -ESRCH, "container %s is not running: it is %s", ret_subject->state.name, state_status_text(status));
}

void subject_done(struct subject *subject)
{
	state_done(&subject->state);
	spec_done(&subject->spec);
	fd_close(&subject->dir_fd);
}
