/* SPDX-License-Identifier: GPL-2.0-or-later */
/* install.c owns turning an image's documents into an image in the store. */
/*
 * Theory of operation. The manifest says what there is; the configuration says what the layers must hash to. Layers
 * are fetched a few at a time, each by a thread of its own, into staging. When all are there, directories that a layer
 * has no entry for become like those below (implicit.h), and what needs the layers below for more than that is applied on an
 * overlay mount; then what of it is not on disk yet is flushed in one go, and all is renamed to its final name; then the small documents
 * follow, and last the name in index.json. So whatever has a final name is whole.
 *
 * A layer's name below layers/ is its diff id; the lowest layer's is sha256("bottom " + diff id), because unpacking fills in
 * for it what is missing (parent directories, say), and so it may differ from the same layer in another place; that of a
 * layer which was completed by those below is its chain id. One unpacked for other ids than usual has a suffix that says which (store.h).
 */
#include "registry/install.h"
#include "registry/check.h"
#include "registry/extract.h"
#include "registry/fetch.h"
#include "registry/hasher.h"
#include "registry/inflate.h"

#include "src/base/fd.h"
#include "src/base/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_THREADS = 4 };

/*
 * 16 MiB for the layers under way. Among many small files writing is what takes longest, among few large ones inflating: so much does the one
 * get ahead while the other has its turn.
 */
enum { BLOCKS = MAX_THREADS * INFLATE_BLOCKS };

struct install {
	const struct store *store;
	const struct incoming *in;
	const struct install_options *options;
	struct staged *staged;
	struct progress *progress;
	struct flush flush;
	size_t thread_count;
	pthread_mutex_t lock;
	size_t next; /* the next layer to fetch */
	int failure; /* the first thread's to fail */
	struct err err;
};

static void name_layer(const struct install *p, const struct digest *digest, char ret_name[LAYER_NAME_SIZE])
{
	snprintf(ret_name, LAYER_NAME_SIZE, "%s%s", digest_hex(digest), p->options->suffix ? p->options->suffix : "");
}

/* OCI image-spec config.md: ChainID(L0..Ln) = sha256(ChainID(L0..Ln-1) + " " + DiffID(Ln)). */
static void chain_name(const struct install *p, size_t at, char ret_name[LAYER_NAME_SIZE])
{
	const struct image *image = &p->in->image;
	struct digest chain = image->layers[0].diff_id;
	for (size_t i = 1; i <= at; i++) {
		cleanup_free char *text = str_fmt("%s %s", chain.text, image->layers[i].diff_id.text);
		digest_of(text, strlen(text), &chain);
	}
	name_layer(p, &chain, ret_name);
}

static bool is_here(const struct install *p, size_t i)
{
	struct staged *s = &p->staged[i];
	int64_t size;
	if (!store_has_blob(p->store, &s->layer->digest, &size))
		return false;
	if (store_has_layer(p->store, s->name))
		return true;
	char chain[LAYER_NAME_SIZE];
	chain_name(p, i, chain);
	if (i == 0 || !store_has_layer(p->store, chain))
		return false;
	memcpy(s->name, chain, sizeof chain);
	return true;
}

static void plan_layers(struct install *p)
{
	p->staged = mem_new((p->in->image.layer_count + 1) * sizeof *p->staged);
	for (size_t i = 0; i < p->in->image.layer_count; i++) {
		struct staged *s = &p->staged[i];
		s->layer = &p->in->image.layers[i];
		s->dir_fd = -1;
		cleanup_free char *text = str_fmt("bottom %s", s->layer->diff_id.text);
		struct digest name = s->layer->diff_id;
		if (i == 0)
			digest_of(text, strlen(text), &name);
		name_layer(p, &name, s->name);
	}
}

static int bring(struct install *p, size_t i, const struct fetch_from *from, struct err *err)
{
	struct staged *s = &p->staged[i];
	struct layer_options options = { .diff_id = s->layer->diff_id, .single_id = p->options->single_id, .bottom = i == 0,
		.flush = &p->flush, .blocks = BLOCKS / p->thread_count };
	if (!p->options->check && is_here(p, i)) {
		progress_begin(p->progress, i, &s->layer->digest, s->layer->size);
		progress_end(p->progress, i, "already here");
		return 0;
	}
	int r = fetch_stage(p->store, s, err);
	if (r == 0)
		r = fetch_layer(p->store, from, &options, p->progress, i, s, err);
	if (r == 0)
		progress_end(p->progress, i, "unpacked");
	return r;
}

static size_t take_next(struct install *p)
{
	pthread_mutex_lock(&p->lock);
	size_t i = p->failure ? p->in->image.layer_count : p->next;
	if (i < p->in->image.layer_count)
		p->next++;
	pthread_mutex_unlock(&p->lock);
	return i;
}

static void note_failure(struct install *p, int failure, const struct err *err)
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
	struct install *p = context;
	struct err err = { 0 };
	const struct session *registry = p->options->session;
	struct session session = registry ? session_copy(registry) : (struct session){ 0 };
	struct http *http = registry ? http_new() : NULL;
	const struct fetch_from from = { p->options->files, registry ? &session : NULL, http };
	if (registry && !http)
		note_failure(p, err_set(&err, -ENOMEM, "cannot start libcurl"), &err);
	for (size_t i; (i = take_next(p)) < p->in->image.layer_count;) {
		int r = bring(p, i, &from, &err);
		if (r < 0)
			note_failure(p, r, &err);
	}
	http_free(http);
	session_done(&session);
	return NULL;
}

static int fetch_layers(struct install *p, struct err *err)
{
	pthread_t threads[MAX_THREADS];
	size_t count = 0;
	p->thread_count = p->in->image.layer_count < MAX_THREADS ? p->in->image.layer_count : MAX_THREADS;
	while (count < p->thread_count) {
		if (pthread_create(&threads[count], NULL, work, p) != 0)
			break;
		count++;
	}
	if (count == 0 && p->in->image.layer_count)
		return err_set(err, -EAGAIN, "cannot start a thread");
	for (size_t i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	if (p->failure)
		*err = p->err;
	return p->failure;
}

static int open_layer(const struct install *p, const struct staged *s, struct err *err)
{
	int fd = s->dir_fd >= 0 ? openat(s->dir_fd, "root", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) :
				  openat(p->store->layers_fd, s->name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(err, "cannot open layer %s", s->layer->digest.text) : fd;
}

/* overlayfs refuses the same directory twice; the uppermost place is the one that counts. */
static bool comes_again(const struct install *p, size_t i, size_t end)
{
	for (size_t above = i + 1; above < end; above++)
		if (str_eq(p->staged[i].name, p->staged[above].name))
			return true;
	return false;
}

/* The merged view of the layers below `at`, writable into upper_fd unless that is -1. */
static int mount_below(const struct install *p, size_t at, int upper_fd, int work_fd, struct err *err)
{
	cleanup_free int *layer_fds = mem_new((at + 1) * sizeof *layer_fds);
	size_t count = 0;
	int r = 0;
	for (size_t i = 0; r >= 0 && i < at; i++)
		if (!comes_again(p, i, at) && (r = open_layer(p, &p->staged[i], err)) >= 0)
			layer_fds[count++] = r;
	if (r >= 0 && count == 1 && upper_fd < 0) /* one layer is its own merged view */
		return layer_fds[0];
	if (r >= 0)
		r = overlay_create(layer_fds, count, upper_fd, work_fd, false, NULL, err);
	for (size_t i = 0; i < count; i++)
		fd_close(&layer_fds[i]);
	return r < 0 ? err_prefix(err, "layer %s: the layers below it", p->staged[at].layer->digest.text) : r;
}

static int mount_merged(const struct install *p, size_t at, struct err *err)
{
	const struct staged *s = &p->staged[at];
	if (mkdirat(s->dir_fd, "work", 0700) < 0)
		return err_sys(err, "cannot make a staging directory");
	cleanup_fd int upper_fd = openat(s->dir_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_fd int work_fd = openat(s->dir_fd, "work", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (upper_fd < 0 || work_fd < 0)
		return err_sys(err, "cannot open the staging directory %s", s->dir);
	return mount_below(p, at, upper_fd, work_fd, err);
}

static int mark_untold(const struct staged *s, struct err *err)
{
	cleanup_fd int root_fd = openat(s->dir_fd, "root", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return root_fd < 0 ? err_sys(err, "cannot open the staging directory %s", s->dir) : extract_mark_untold(root_fd, err);
}

static int apply(struct install *p, size_t i, struct err *err)
{
	struct staged *s = &p->staged[i];
	struct layer_options options = { .diff_id = s->layer->diff_id, .single_id = p->options->single_id };
	enum compression compression = 0;
	int r = fetch_empty_root(s, err);
	if (r == 0)
		r = fetch_compression(s->layer, &compression, err);
	cleanup_fd int merged_fd = r < 0 ? r : mount_merged(p, i, err);
	cleanup_fd int blob_fd = merged_fd < 0 ? merged_fd : store_open_blob(p->store, &s->layer->digest, err);
	if (blob_fd < 0)
		return blob_fd;
	chain_name(p, i, s->name);
	r = layer_apply(blob_fd, compression, &options, merged_fd, &s->report, err);
	if (r == 0 && !s->report.root_told)
		r = mark_untold(s, err);
	return r < 0 ? err_prefix(err, "layer %s", s->layer->digest.text) : 0;
}

/* What the layer does not say of its directories is what those below it are. */
static int inherit(struct install *p, size_t i, struct err *err)
{
	struct staged *s = &p->staged[i];
	cleanup_fd int below_fd = mount_below(p, i, -1, -1, err);
	cleanup_fd int root_fd = below_fd < 0 ? below_fd : openat(s->dir_fd, "root", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (root_fd < 0)
		return below_fd < 0 ? below_fd : err_sys(err, "cannot open the staging directory %s", s->dir);
	chain_name(p, i, s->name);
	int r = implicit_inherit(&s->report.implicit, root_fd, below_fd, &s->report.needs_lower, err);
	layer_report_done(&s->report);
	return r < 0 ? err_prefix(err, "layer %s", s->layer->digest.text) : 0;
}

/* Layers that mean something only on top of those below them, which are as they should be. */
static int complete(struct install *p, size_t i, struct err *err)
{
	struct staged *s = &p->staged[i];
	int r = s->report.implicit.count ? inherit(p, i, err) : 0;
	return r == 0 && s->report.needs_lower ? apply(p, i, err) : r;
}

static int publish_layers(struct install *p, struct err *err)
{
	bool any = false;
	for (size_t i = 0; i < p->in->image.layer_count; i++)
		any = any || p->staged[i].dir_fd >= 0;
	int r = any ? flush_finish(&p->flush) : 0;
	if (r < 0)
		return err_code(err, r, "cannot write the layers to disk");
	for (size_t i = 0; i < p->in->image.layer_count; i++) {
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

static int check_layers(const struct install *p, struct install_check *check, struct err *err)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < p->in->image.layer_count; i++)
		if (!comes_again(p, i, p->in->image.layer_count))
			r = check_layer(p->store, &p->staged[i], p->options->suffix != NULL, check, err);
	return r;
}

static int name_image(const struct install *p, struct err *err)
{
	cleanup_buf struct buf names = { 0 };
	buf_str(&names, "");
	for (size_t i = 0; i < p->in->image.layer_count; i++)
		buf_fmt(&names, "%s%s", i ? "," : "", p->staged[i].name);
	struct descriptor entry = { .digest = p->in->manifest_digest, .size = (int64_t)p->in->manifest_text.len,
		.platform = p->in->image.platform, .reference = p->in->name, .layer_names = names.data, .made_here = p->options->made_here };
	snprintf(entry.media_type, sizeof entry.media_type, "%s", p->in->manifest.media_type);
	int r = store_put_blob(p->store, &p->in->manifest.config.digest, p->in->config_text.data, p->in->config_text.len, err);
	if (r == 0)
		r = store_put_blob(p->store, &p->in->manifest_digest, p->in->manifest_text.data, p->in->manifest_text.len, err);
	return r < 0 ? r : store_tag_image(p->store, &entry, err);
}

static void tell_losses(const struct install *p)
{
	uint64_t devices = 0, owners = 0, misnamed = 0;
	for (size_t i = 0; p->options->notes && i < p->options->notes->len; i++)
		progress_say(p->progress, "%s", p->options->notes->items[i]);
	for (size_t i = 0; i < p->in->image.layer_count; i++) {
		devices += p->staged[i].report.devices;
		owners += p->staged[i].report.foreign_ids;
		misnamed += p->staged[i].report.is_misnamed;
	}
	if (misnamed)
		progress_say(p->progress, "note: %llu of the image's layers %s media type says", (unsigned long long)misnamed,
			misnamed == 1 ? "is compressed in another way than its" : "are compressed in another way than their");
	if (devices)
		progress_say(p->progress, "note: %llu device nodes of the image were left out; /dev is made anew for every container",
			(unsigned long long)devices);
	if (owners)
		progress_say(p->progress, "note: %llu files belong to root now: this user has a single id to give (see subuid(5))",
			(unsigned long long)owners);
}

static void discard(struct install *p)
{
	struct err ignored;
	for (size_t i = 0; p->staged && i < p->in->image.layer_count; i++) {
		if (p->staged[i].dir_fd >= 0)
			fd_remove_tree(p->store->staging_fd, p->staged[i].dir, &ignored);
		fd_close(&p->staged[i].dir_fd);
		layer_report_done(&p->staged[i].report);
	}
}

void incoming_done(struct incoming *incoming)
{
	free(incoming->name);
	buf_done(&incoming->manifest_text);
	buf_done(&incoming->config_text);
	manifest_done(&incoming->manifest);
	image_done(&incoming->image);
	*incoming = (struct incoming){ 0 };
}

int incoming_recall(const struct store *store, const struct digest *manifest, const char *name, struct incoming *in, struct err *err)
{
	in->name = str_dup(name);
	in->manifest_digest = *manifest;
	int r = store_read_blob(store, manifest, JSON_LIMIT, &in->manifest_text, err);
	if (r == 0)
		r = json_read_manifest(in->manifest_text.data, in->manifest_text.len, &in->manifest, err);
	if (r == 0)
		r = store_read_blob(store, &in->manifest.config.digest, JSON_LIMIT, &in->config_text, err);
	return r < 0 ? r : incoming_read_config(in, err);
}

/* Registries keep anything in the form of an image: charts, signatures, models. Old builders gave an image's no type. */
static bool is_configuration(const char *type)
{
	return !*type || str_eq(type, MEDIA_CONFIG) || str_eq(type, "application/vnd.docker.container.image.v1+json");
}

int incoming_read_config(struct incoming *incoming, struct err *err)
{
	const char *type = incoming->manifest.config.media_type;
	int r = json_read_config(incoming->config_text.data, incoming->config_text.len, &incoming->manifest, &incoming->image, err);
	if (r < 0 && !is_configuration(type))
		return err_set(err, r, "%s is no container image: its configuration is of the type \"%s\"", incoming->name, type);
	if (r < 0)
		return err_prefix(err, "%s", incoming->name);
	for (size_t i = 0; r == 0 && i < incoming->image.layer_count; i++) {
		enum compression ignored;
		r = fetch_compression(&incoming->image.layers[i], &ignored, err);
	}
	return r;
}

static int install(struct install *p, struct err *err)
{
	int r = fetch_layers(p, err);
	for (size_t i = 1; r == 0 && i < p->in->image.layer_count; i++)
		r = complete(p, i, err);
	if (r == 0 && p->options->check)
		return check_layers(p, p->options->check, err);
	if (r == 0)
		r = publish_layers(p, err);
	if (r < 0 || p->options->suffix)
		return r;
	r = name_image(p, err);
	if (r == 0) {
		tell_losses(p);
		progress_image(p->progress, p->in->name, platform_text(&p->in->image.platform).text, &p->in->manifest_digest);
	}
	return r;
}

static bool all_are_here(const struct install *p)
{
	for (size_t i = 0; i < p->in->image.layer_count; i++)
		if (!is_here(p, i))
			return false;
	return true;
}

static int64_t sum_sizes(const struct image *image)
{
	int64_t sum = 0;
	for (size_t i = 0; i < image->layer_count; i++)
		sum += image->layers[i].size;
	return sum;
}

int install_image(const struct store *store, const struct incoming *incoming, const struct install_options *options,
	struct err *err)
{
	struct install p = { .store = store, .in = incoming, .options = options, .lock = PTHREAD_MUTEX_INITIALIZER };
	flush_init(&p.flush, store->staging_fd);
	plan_layers(&p);
	p.progress = progress_new(options->brief && all_are_here(&p) ? PROGRESS_NONE : options->progress, incoming->image.layer_count, sum_sizes(&incoming->image));
	int r = install(&p, err);
	flush_done(&p.flush);
	discard(&p);
	progress_free(p.progress);
	free(p.staged);
	return r;
}
