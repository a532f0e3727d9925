/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check.c owns comparing a layer of the store with the same layer unpacked anew, and mending it. */
#include "registry/check.h"
#include "registry/compare.h"
#include "registry/extract.h"

#include "src/base/fd.h"
#include "src/base/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/xattr.h>
#include <unistd.h>

/* How the store's layer is. */
enum state { ABSENT, DIFFERENT, UNMARKED, SOUND };

/* Versions before extract_mark_untold made none; all else may be as it should. */
static bool lacks_mark(int fresh_fd, int there_fd)
{
	return fgetxattr(fresh_fd, OVERLAY_ROOT_UNTOLD, NULL, 0) >= 0 && fgetxattr(there_fd, OVERLAY_ROOT_UNTOLD, NULL, 0) < 0 &&
	       errno == ENODATA;
}

static int compare_but_for_mark(int fresh_fd, int there_fd, struct buf *where, struct err *err)
{
	fremovexattr(fresh_fd, OVERLAY_ROOT_UNTOLD);
	int r = compare_trees(fresh_fd, there_fd, where, err);
	int marked = extract_mark_untold(fresh_fd, r < 0 ? &(struct err){ 0 } : err); /* it may take the other's place */
	return r < 0 ? r : marked < 0 ? marked : r ? UNMARKED : DIFFERENT;
}

/* An enum state; *where: the first path that differs. */
static int compare(int fresh_fd, int there_fd, struct buf *where, struct err *err)
{
	if (there_fd < 0)
		return ABSENT;
	if (lacks_mark(fresh_fd, there_fd))
		return compare_but_for_mark(fresh_fd, there_fd, where, err);
	int r = compare_trees(fresh_fd, there_fd, where, err);
	return r < 0 ? r : r ? SOUND : DIFFERENT;
}

/* Layers below a container's mount must not change: it is done only when nobody else has the store open. 1: done. */
static int replace(const struct store *store, const struct staged *fresh, unsigned flags, struct err *err)
{
	if (flock(store->use_fd, LOCK_EX | LOCK_NB) < 0) {
		flock(store->use_fd, LOCK_SH); /* flock(2): the attempt took it away */
		return 0;
	}
	int r = 1;
	if (syncfs(store->staging_fd) < 0 || renameat2(fresh->dir_fd, "root", store->layers_fd, fresh->name, flags) < 0 ||
		fsync(store->layers_fd) < 0)
		r = err_sys(err, "cannot replace layer %s", fresh->layer->digest.text);
	flock(store->use_fd, LOCK_SH);
	return r;
}

/* A mark says something to the next container only: it is made under those that run, too. */
static int mend(const struct store *store, const struct staged *fresh, int there_fd, enum state state, struct err *err)
{
	if (state == UNMARKED)
		return extract_mark_untold(there_fd, err) < 0 ? err->code : 1;
	return replace(store, fresh, state == ABSENT ? RENAME_NOREPLACE : RENAME_EXCHANGE, err);
}

static char *describe(enum state state, const char *where, bool repair, bool mended)
{
	const char *done = !repair ? "damaged" : !mended ? "in use, so verify again when containers and pulls have ended" :
		state == UNMARKED ? "added" : "unpacked anew";
	if (state == UNMARKED)
		return str_fmt("it lacks a mark that older versions of xrun did not make: %s", done);
	return state == ABSENT ? str_fmt("it is missing: %s", done) : str_fmt("%s is not what it was: %s", where, done);
}

int check_layer(const struct store *store, const struct staged *fresh, bool optional, struct install_check *check, struct err *err)
{
	cleanup_buf struct buf where = { 0 };
	cleanup_fd int fresh_fd = openat(fresh->dir_fd, "root", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fresh_fd < 0)
		return err_sys(err, "cannot open the staging directory %s", fresh->dir);
	cleanup_fd int there_fd = openat(store->layers_fd, fresh->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (there_fd < 0 && optional)
		return 0;
	int state = compare(fresh_fd, there_fd, &where, err);
	check->layers++;
	if (state < 0 || state == SOUND)
		return state < 0 ? state : 0;
	check->damaged++;
	int mended = check->repair ? mend(store, fresh, there_fd, state, err) : 0;
	if (mended < 0)
		return mended;
	check->repaired += mended;
	cleanup_free char *what = describe(state, where.data, check->repair, mended);
	strv_take(&check->findings, str_fmt("layer %s: %s", fresh->layer->digest.text, what));
	return 0;
}
