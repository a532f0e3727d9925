/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pull.c owns bringing an image from a registry into a store. */
/*
 * Theory of operation. The manifest says what there is; the configuration says what the layers must hash to. Layers
 * are fetched a few at a time, each by a thread of its own, into staging. When all are there, those that need the
 * layers below them are applied on an overlay mount; then everything staged is flushed in one go and renamed to its final
 * name; then the small documents follow, and last the name in index.json. So whatever has a final name is whole.
 *
 * A layer's name below layers/ is its diff id; the lowest layer's is sha256("bottom " + diff id), because unpacking fills in
 * for it what is missing (parent directories, say), and so it may differ from the same layer in another place; an
 * applied layer's is its chain id.
 */
#include "registry/pull.h"
#include "registry/fetch.h"
#include "registry/hasher.h"

#include "src/base/fd.h"
#include "src/base/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

enum { MAX_THREADS = 4 };

#define ACCEPT MEDIA_INDEX ", " MEDIA_MANIFEST ", " MEDIA_DOCKER_LIST ", " MEDIA_DOCKER_MANIFEST

struct pull {
	const struct store *store;
	const struct pull_options *options;
	char *name; /* full reference */
	struct session session;
	struct http *http;
	struct buf manifest_text, config_text;
	struct digest manifest_digest;
	struct manifest manifest;
	struct image image;
	struct staged *staged;
	struct progress *progress;
	pthread_mutex_t lock;
	size_t next;     /* the next layer to fetch */
	int failure;     /* the first thread's to fail */
	struct err err;
};

static int get_document(struct pull *p, const char *path, const char *accept, const struct digest *want, struct buf *ret_text,
	char *ret_type, size_t type_size, struct digest *ret_digest, struct err *err)
{
	struct http_response response = { 0 };
	cleanup_free char *what = str_fmt("%s%s", accept ? "" : "the configuration of ", p->name);
	struct session_request request = { .path = path, .accept = accept, .what = what, .limit = JSON_LIMIT };
	int r = session_get(&p->session, p->http, &request, &response, err);
	if (r < 0)
		return r;
	digest_of(response.body.data, response.body.len, ret_digest);
	if (want && *want->text && !digest_equal(want, ret_digest))
		r = err_set(err, -EBADMSG, "%s: the registry sent something with the digest %s instead of %s", what, ret_digest->text,
			want->text);
	else if (accept && response.digest && str_starts(response.digest, "sha256:") && !str_eq(response.digest, ret_digest->text))
		r = err_set(err, -EBADMSG, "%s: the manifest is damaged: its digest is %s, announced was %s", p->name, ret_digest->text,
			response.digest);
	snprintf(ret_type, type_size, "%s", response.content_type);
	buf_done(ret_text);
	*ret_text = response.body;
	response.body = (struct buf){ 0 };
	http_response_done(&response);
	return r;
}

static int no_match(const struct pull *p, const struct index *index, struct err *err)
{
	cleanup_buf struct buf list = { 0 };
	for (size_t i = 0; i < index->count; i++) {
		const struct platform *platform = &index->entries[i].platform;
		if (*platform->os && !str_eq(platform->os, "unknown") && list.len < 1000)
			buf_fmt(&list, "%s%s", list.len ? ", " : "", platform_text(platform).text);
	}
	return err_set(err, -ENOENT, "%s has no image for %s; it has: %s", p->name, platform_text(&p->options->platform).text,
		list.len ? list.data : "nothing");
}

/* The digest of the best match for `want`, the first of several as good; false without any. */
static bool choose(const struct index *index, const struct platform *want, struct digest *ret_digest)
{
	int best_score = 0;
	for (size_t i = 0; i < index->count; i++) {
		int score = platform_score(&index->entries[i].platform, want);
		if (score > best_score) {
			*ret_digest = index->entries[i].digest;
			best_score = score;
		}
	}
	return best_score > 0;
}

/* The document just received is an index: the digest of our platform's manifest. */
static int follow_index(struct pull *p, struct digest *ret_want, struct err *err)
{
	struct index index = { 0 };
	if (json_read_index(p->manifest_text.data, p->manifest_text.len, &index, err) < 0)
		return err_prefix(err, "%s", p->name);
	int r = choose(&index, &p->options->platform, ret_want) ? 0 : no_match(p, &index, err);
	index_done(&index);
	return r;
}

/* The manifest at the digest or the tag; an index leads on to the platform's, once. */
static int get_manifest(struct pull *p, struct err *err)
{
	const struct reference *reference = &p->options->reference;
	struct digest want = reference->digest;
	char type[128];
	for (int depth = 0; depth < 2; depth++) {
		enum document kind;
		cleanup_free char *path = str_fmt("manifests/%s", *want.text ? want.text : reference->tag);
		int r = get_document(p, path, ACCEPT, &want, &p->manifest_text, type, sizeof type, &p->manifest_digest, err);
		if (r < 0)
			return r;
		r = json_document_kind(p->manifest_text.data, p->manifest_text.len, type, &kind, err);
		if (r == 0 && kind == DOCUMENT_MANIFEST)
			r = json_read_manifest(p->manifest_text.data, p->manifest_text.len, &p->manifest, err);
		if (r < 0)
			return err_prefix(err, "%s", p->name);
		if (kind == DOCUMENT_MANIFEST)
			return 0;
		r = follow_index(p, &want, err);
		if (r < 0)
			return r;
	}
	return err_set(err, -EBADMSG, "%s: its index leads to another index", p->name);
}

static int get_config(struct pull *p, struct err *err)
{
	char type[128];
	struct digest found;
	cleanup_free char *path = str_fmt("blobs/%s", p->manifest.config.digest.text);
	int r = get_document(p, path, NULL, &p->manifest.config.digest, &p->config_text, type, sizeof type, &found, err);
	if (r < 0)
		return r;
	r = json_read_config(p->config_text.data, p->config_text.len, &p->manifest, &p->image, err);
	if (r < 0)
		return err_prefix(err, "%s", p->name);
	if (platform_score(&p->image.platform, &p->options->platform) == 0)
		return err_set(err, -ENOENT, "%s is for %s, not for %s; run it with --platform %s", p->name,
			platform_text(&p->image.platform).text, platform_text(&p->options->platform).text,
			platform_text(&p->image.platform).text);
	for (size_t i = 0; r == 0 && i < p->image.layer_count; i++) {
		enum compression ignored;
		r = fetch_compression(&p->image.layers[i], &ignored, err);
	}
	return r;
}

static void hash_text(const char *text, char ret_name[DIGEST_HEX + 1])
{
	struct digest digest;
	digest_of(text, strlen(text), &digest);
	memcpy(ret_name, digest_hex(&digest), DIGEST_HEX + 1);
}

/* OCI image-spec config.md: ChainID(L0..Ln) = sha256(ChainID(L0..Ln-1) + " " + DiffID(Ln)). */
static void chain_name(const struct image *image, size_t at, char ret_name[DIGEST_HEX + 1])
{
	struct digest chain = image->layers[0].diff_id;
	for (size_t i = 1; i <= at; i++) {
		cleanup_free char *text = str_fmt("%s %s", chain.text, image->layers[i].diff_id.text);
		digest_of(text, strlen(text), &chain);
	}
	memcpy(ret_name, digest_hex(&chain), DIGEST_HEX + 1);
}

static bool is_here(const struct pull *p, size_t i)
{
	struct staged *s = &p->staged[i];
	int64_t size;
	if (!store_has_blob(p->store, &s->layer->digest, &size))
		return false;
	if (store_has_layer(p->store, s->name))
		return true;
	char chain[DIGEST_HEX + 1];
	chain_name(&p->image, i, chain);
	if (i == 0 || !store_has_layer(p->store, chain))
		return false;
	memcpy(s->name, chain, sizeof chain);
	return true;
}

static void plan_layers(struct pull *p)
{
	p->staged = mem_new((p->image.layer_count + 1) * sizeof *p->staged);
	for (size_t i = 0; i < p->image.layer_count; i++) {
		struct staged *s = &p->staged[i];
		s->layer = &p->image.layers[i];
		s->dir_fd = -1;
		cleanup_free char *text = str_fmt("bottom %s", s->layer->diff_id.text);
		if (i == 0)
			hash_text(text, s->name);
		else
			memcpy(s->name, digest_hex(&s->layer->diff_id), sizeof s->name);
	}
}

static int bring(struct pull *p, size_t i, struct session *session, struct http *http, struct err *err)
{
	struct staged *s = &p->staged[i];
	struct layer_options options = { .diff_id = s->layer->diff_id, .single_id = p->options->single_id, .bottom = i == 0 };
	if (is_here(p, i)) {
		progress_begin(p->progress, i, &s->layer->digest, s->layer->size);
		progress_end(p->progress, i, "already here");
		return 0;
	}
	int r = fetch_stage(p->store, s, err);
	if (r == 0)
		r = fetch_layer(p->store, session, http, &options, p->progress, i, s, err);
	if (r == 0)
		progress_end(p->progress, i, "unpacked");
	return r;
}

static size_t take_next(struct pull *p)
{
	pthread_mutex_lock(&p->lock);
	size_t i = p->failure ? p->image.layer_count : p->next;
	if (i < p->image.layer_count)
		p->next++;
	pthread_mutex_unlock(&p->lock);
	return i;
}

static void note_failure(struct pull *p, int failure, const struct err *err)
{
	pthread_mutex_lock(&p->lock);
	if (!p->failure) {
		p->failure = failure;
		p->err = *err;
	}
	pthread_mutex_unlock(&p->lock);
}

static void *work(void *context)
{
	struct pull *p = context;
	struct err err = { 0 };
	struct session session = session_copy(&p->session);
	struct http *http = http_new(p->options->tls_verify);
	if (!http)
		note_failure(p, err_set(&err, -ENOMEM, "cannot start libcurl"), &err);
	for (size_t i; http && (i = take_next(p)) < p->image.layer_count;) {
		int r = bring(p, i, &session, http, &err);
		if (r < 0)
			note_failure(p, r, &err);
	}
	http_free(http);
	session_done(&session);
	return NULL;
}

static int fetch_layers(struct pull *p, struct err *err)
{
	pthread_t threads[MAX_THREADS];
	size_t count = 0;
	while (count < MAX_THREADS && count < p->image.layer_count) {
		if (pthread_create(&threads[count], NULL, work, p) != 0)
			break;
		count++;
	}
	if (count == 0 && p->image.layer_count)
		return err_set(err, -EAGAIN, "cannot start a thread");
	for (size_t i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	if (p->failure)
		*err = p->err;
	return p->failure;
}

static int open_layer(const struct pull *p, const struct staged *s, struct err *err)
{
	int fd = s->dir_fd >= 0 ? openat(s->dir_fd, "root", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) :
				  openat(p->store->layers_fd, s->name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(err, "cannot open layer %s", s->layer->digest.text) : fd;
}

/* overlayfs refuses the same directory twice; the uppermost place is the one that counts. */
static bool comes_again(const struct pull *p, size_t i, size_t end)
{
	for (size_t above = i + 1; above < end; above++)
		if (str_eq(p->staged[i].name, p->staged[above].name))
			return true;
	return false;
}

/* The merged view of the layers below `at`, writable into that layer's own directory. */
static int mount_merged(const struct pull *p, size_t at, struct err *err)
{
	const struct staged *s = &p->staged[at];
	cleanup_free int *layer_fds = mem_new((at + 1) * sizeof *layer_fds);
	size_t count = 0;
	int r = 0;
	for (size_t i = 0; r >= 0 && i < at; i++)
		if (!comes_again(p, i, at) && (r = open_layer(p, &p->staged[i], err)) >= 0)
			layer_fds[count++] = r;
	if (r >= 0 && mkdirat(s->dir_fd, "work", 0700) < 0)
		r = err_sys(err, "cannot make a staging directory");
	cleanup_fd int upper_fd = openat(s->dir_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_fd int work_fd = openat(s->dir_fd, "work", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (r >= 0)
		r = overlay_create(layer_fds, count, upper_fd, work_fd, false, err);
	for (size_t i = 0; i < count; i++)
		fd_close(&layer_fds[i]);
	return r < 0 ? err_prefix(err, "layer %s: the layers below it", s->layer->digest.text) : r;
}

static int empty_root(const struct staged *s, struct err *err)
{
	int r = fd_remove_tree(s->dir_fd, "root", err);
	if (r == 0 && mkdirat(s->dir_fd, "root", 0755) < 0)
		r = err_sys(err, "cannot make a staging directory");
	return r;
}

static int apply(struct pull *p, size_t i, struct err *err)
{
	struct staged *s = &p->staged[i];
	struct layer_options options = { .diff_id = s->layer->diff_id, .single_id = p->options->single_id };
	enum compression compression = 0;
	int r = empty_root(s, err);
	if (r == 0)
		r = fetch_compression(s->layer, &compression, err);
	cleanup_fd int merged_fd = r < 0 ? r : mount_merged(p, i, err);
	cleanup_fd int blob_fd = merged_fd < 0 ? merged_fd : store_open_blob(p->store, &s->layer->digest, err);
	if (blob_fd < 0)
		return blob_fd;
	chain_name(&p->image, i, s->name);
	r = layer_apply(blob_fd, compression, &options, merged_fd, &s->report, err);
	return r < 0 ? err_prefix(err, "layer %s", s->layer->digest.text) : 0;
}

static int publish_layers(struct pull *p, struct err *err)
{
	bool any = false;
	for (size_t i = 0; i < p->image.layer_count; i++)
		any = any || p->staged[i].dir_fd >= 0;
	if (any && syncfs(p->store->staging_fd) < 0)
		return err_sys(err, "cannot write the layers to disk");
	for (size_t i = 0; i < p->image.layer_count; i++) {
		const struct staged *s = &p->staged[i];
		if (s->dir_fd < 0)
			continue;
		if (renameat2(s->dir_fd, "root", p->store->layers_fd, s->name, RENAME_NOREPLACE) < 0 && errno != EEXIST)
			return err_sys(err, "cannot publish layer %s", s->layer->digest.text);
	}
	if (any && (fsync(p->store->layers_fd) < 0 || fsync(p->store->blobs_fd) < 0))
		return err_sys(err, "cannot write the store to disk");
	return 0;
}

static int name_image(const struct pull *p, struct err *err)
{
	cleanup_buf struct buf names = { 0 };
	buf_str(&names, "");
	for (size_t i = 0; i < p->image.layer_count; i++)
		buf_fmt(&names, "%s%s", i ? "," : "", p->staged[i].name);
	struct descriptor entry = { .digest = p->manifest_digest, .size = (int64_t)p->manifest_text.len,
		.platform = p->image.platform, .reference = p->name, .layer_names = names.data };
	snprintf(entry.media_type, sizeof entry.media_type, "%s", p->manifest.media_type);
	int r = store_put_blob(p->store, &p->manifest.config.digest, p->config_text.data, p->config_text.len, err);
	if (r == 0)
		r = store_put_blob(p->store, &p->manifest_digest, p->manifest_text.data, p->manifest_text.len, err);
	return r < 0 ? r : store_tag_image(p->store, &entry, err);
}

static void tell_losses(const struct pull *p)
{
	uint64_t devices = 0, owners = 0;
	for (size_t i = 0; i < p->image.layer_count; i++) {
		devices += p->staged[i].report.devices;
		owners += p->staged[i].report.foreign_ids;
	}
	if (devices)
		progress_say(p->progress, "note: %llu device nodes of the image were left out; /dev is made anew for every container",
			(unsigned long long)devices);
	if (owners)
		progress_say(p->progress, "note: %llu files belong to root now: this user has a single id to give (see subuid(5))",
			(unsigned long long)owners);
}

static void discard(struct pull *p)
{
	struct err ignored;
	for (size_t i = 0; p->staged && i < p->image.layer_count; i++) {
		if (p->staged[i].dir_fd >= 0)
			fd_remove_tree(p->store->staging_fd, p->staged[i].dir, &ignored);
		fd_close(&p->staged[i].dir_fd);
	}
}

static int pull(struct pull *p, struct err *err)
{
	int r = store_reclaim_staging(p->store, err);
	if (r == 0)
		r = get_manifest(p, err);
	if (r == 0)
		r = get_config(p, err);
	if (r < 0)
		return r;
	p->progress = progress_new(p->options->progress, p->image.layer_count);
	plan_layers(p);
	r = fetch_layers(p, err);
	for (size_t i = 1; r == 0 && i < p->image.layer_count; i++)
		if (p->staged[i].report.needs_lower)
			r = apply(p, i, err);
	if (r == 0)
		r = publish_layers(p, err);
	if (r == 0)
		r = name_image(p, err);
	if (r == 0) {
		tell_losses(p);
		progress_say(p->progress, "%s  %s  %s", p->name, platform_text(&p->image.platform).text, p->manifest_digest.text);
	}
	return r;
}

int pull_image(const struct store *store, const struct pull_options *options, struct err *err)
{
	struct pull p = { .store = store, .options = options, .lock = PTHREAD_MUTEX_INITIALIZER };
	p.name = reference_text(&options->reference);
	p.session = (struct session){ .reference = &options->reference, .username = options->username,
		.password = options->password, .tls_verify = options->tls_verify };
	p.http = http_new(options->tls_verify);
	int r = p.http ? pull(&p, err) : err_set(err, -ENOMEM, "cannot start libcurl");
	discard(&p);
	progress_free(p.progress);
	http_free(p.http);
	session_done(&p.session);
	buf_done(&p.manifest_text);
	buf_done(&p.config_text);
	manifest_done(&p.manifest);
	image_done(&p.image);
	free(p.staged);
	free(p.name);
	return r;
}
