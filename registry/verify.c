/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verify.c owns finding damage in a store. */
#include "registry/verify.h"
#include "registry/hasher.h"
#include "registry/install.h"

#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct verify {
	const struct store *store;
	const struct verify_options *options;
	struct verify_report *report;
	struct strv sound, bad; /* digests of blobs that were looked at */
};

void verify_report_done(struct verify_report *report)
{
	strv_done(&report->findings);
	strv_done(&report->lost);
	*report = (struct verify_report){ 0 };
}

static int hash_blob(const struct store *store, const struct digest *digest, struct digest *ret_found, struct err *err)
{
	struct hasher hasher;
	cleanup_free char *piece = mem_new(256 << 10);
	cleanup_fd int fd = store_open_blob(store, digest, err);
	if (fd < 0)
		return fd;
	hasher_init(&hasher);
	for (;;) {
		ssize_t n = read(fd, piece, 256 << 10);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err_sys(err, "cannot read %s in the store", digest->text);
		if (n <= 0)
			break;
		hasher_add(&hasher, piece, n);
	}
	if (!err->code)
		hasher_end(&hasher, ret_found);
	hasher_done(&hasher);
	return err->code;
}

static bool is_sound(struct verify *v, const struct digest *digest)
{
	struct digest found = { 0 };
	struct err err = { 0 };
	if (strv_has(&v->sound, digest->text) || strv_has(&v->bad, digest->text))
		return strv_has(&v->sound, digest->text);
	int r = hash_blob(v->store, digest, &found, &err);
	bool sound = r == 0 && digest_equal(&found, digest);
	v->report->blobs++;
	strv_add(sound ? &v->sound : &v->bad, digest->text);
	if (sound)
		return true;
	v->report->damaged++;
	const char *what = r == -ENOENT ? "is missing" : r < 0 ? err.text : "is damaged";
	bool removed = v->options->repair && r != -ENOENT && unlinkat(v->store->blobs_fd, digest_hex(digest), 0) == 0;
	strv_take(&v->report->findings, str_fmt("blob %s: %s%s", digest->text, what, removed ? ": removed" : ""));
	return false;
}

static int check_layers(struct verify *v, const struct incoming *in, struct err *err)
{
	struct install_check check = { .repair = v->options->repair };
	struct install_options options = { .single_id = v->options->single_id, .suffix = v->options->suffix, .progress = PROGRESS_NONE, .check = &check };
	int r = install_image(v->store, in, &options, err);
	v->report->layers += check.layers;
	v->report->damaged += check.damaged;
	v->report->repaired += check.repaired;
	strv_extend(&v->report->findings, &check.findings);
	strv_done(&check.findings);
	return r;
}

/* Every blob is looked at, even when one was bad: all of them are then known. */
static bool blobs_are_sound(struct verify *v, const struct descriptor *entry)
{
	struct err ignored;
	struct manifest manifest = { 0 };
	cleanup_buf struct buf text = { 0 };
	bool sound = is_sound(v, &entry->digest);
	if (!sound || store_read_blob(v->store, &entry->digest, JSON_LIMIT, &text, &ignored) < 0 ||
		json_read_manifest(text.data, text.len, &manifest, &ignored) < 0)
		return false;
	sound = is_sound(v, &manifest.config.digest);
	for (size_t i = 0; i < manifest.layer_count; i++)
		sound = is_sound(v, &manifest.layers[i].digest) && sound;
	manifest_done(&manifest);
	return sound;
}

static int check_entry(struct verify *v, const struct descriptor *entry, struct err *err)
{
	struct incoming in = { 0 };
	int r = 0;
	v->report->images++;
	if (!v->options->suffix && !blobs_are_sound(v, entry)) {
		strv_add(&v->report->lost, entry->reference ? entry->reference : entry->digest.text);
		strv_add(&v->report->lost, platform_text(&entry->platform).text);
		return 0;
	}
	if (entry->layer_names) /* another tool's image was never unpacked */
		r = incoming_recall(v->store, &entry->digest, entry->reference ? entry->reference : entry->digest.text, &in, err);
	if (r == 0 && entry->layer_names)
		r = check_layers(v, &in, err);
	incoming_done(&in);
	return r < 0 ? err_prefix(err, "%s", entry->reference ? entry->reference : entry->digest.text) : 0;
}

static bool is_manifest(const struct descriptor *entry)
{
	return str_eq(entry->media_type, MEDIA_MANIFEST) || str_eq(entry->media_type, MEDIA_DOCKER_MANIFEST);
}

static bool seen_before(const struct index *index, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (digest_equal(&index->entries[i].digest, &index->entries[at].digest))
			return true;
	return false;
}

static bool is_listed(const struct index *index, const struct digest *digest)
{
	for (size_t i = 0; i < index->count; i++)
		if (digest_equal(&index->entries[i].digest, digest))
			return true;
	return false;
}

/* A blob that is an image's manifest: the image gets a name again, though not its own. */
static void recover_image(struct verify *v, const struct digest *digest)
{
	struct err err = { 0 }, line = { 0 }; /* whose text has no control characters of the image's */
	struct incoming in = { 0 };
	struct install_options options = { .single_id = v->options->single_id, .progress = PROGRESS_NONE };
	const struct descriptor entry = { .digest = *digest };
	cleanup_free char *name = str_fmt("localhost/recovered:%.12s", digest_hex(digest));
	if (incoming_recall(v->store, digest, name, &in, &err) == 0) {
		int r = blobs_are_sound(v, &entry) ? install_image(v->store, &in, &options, &err) : err_set(&err, -EBADMSG, "blobs of it are lost");
		const struct platform_text platform = platform_text(&in.image.platform);
		if (r < 0)
			err_set(&line, r, "an image for %s (%.19s) lost its name and cannot be read: %s", platform.text, digest->text, err.text);
		else
			err_set(&line, 0, "an image for %s lost its name: %s now; pulled again by its own it costs no download", platform.text, name);
		strv_add(&v->report->findings, line.text);
	}
	incoming_done(&in);
}

static int recover_images(struct verify *v, struct err *err)
{
	struct index index = { 0 };
	cleanup_strv struct strv blobs = { 0 };
	int r = store_read_index(v->store, &index, err);
	if (r == 0)
		r = fd_list(v->store->blobs_fd, "the store's blobs", &blobs, err);
	for (size_t i = 0; r == 0 && i < blobs.len; i++) {
		struct digest digest;
		cleanup_free char *text = str_fmt("sha256:%s", blobs.items[i]);
		if (digest_parse(text, &digest) && !is_listed(&index, &digest))
			recover_image(v, &digest);
	}
	index_done(&index);
	return r;
}

/* Without index.json no image has a name, and nobody knows what is in use. */
static int mend_index(struct verify *v, struct err *err)
{
	struct index index = { 0 };
	cleanup_fd int lock_fd = store_lock(v->store, err);
	int r = lock_fd < 0 ? lock_fd : store_read_index(v->store, &index, err);
	index_done(&index);
	if (r == 0 || lock_fd < 0 || !v->options->repair || v->options->suffix)
		return r;
	cleanup_free char *why = str_dup(err->text);
	err_clear(err);
	r = store_restore_index(v->store, err);
	if (r < 0)
		return r;
	fd_close(&lock_fd);
	v->report->damaged++;
	v->report->repaired++;
	why[strcspn(why, ";")] = 0;
	strv_take(&v->report->findings, str_fmt("%s: %s", why, r ? "what it was before its last change is back" : "made anew"));
	return recover_images(v, err);
}

int verify_store(const struct store *store, const struct verify_options *options, struct verify_report *ret_report,
	struct err *err)
{
	struct verify_report report = { 0 };
	struct verify v = { .store = store, .options = options, .report = &report };
	struct index index = { 0 };
	int r = store_reclaim_staging(store, err);
	if (r == 0)
		r = mend_index(&v, err);
	if (r == 0)
		r = store_read_index(store, &index, err);
	for (size_t i = 0; r == 0 && i < index.count; i++)
		if (is_manifest(&index.entries[i]) && !seen_before(&index, i))
			r = check_entry(&v, &index.entries[i], err);
	index_done(&index);
	strv_done(&v.sound);
	strv_done(&v.bad);
	*ret_report = report;
	return r;
}
