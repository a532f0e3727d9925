/* SPDX-License-Identifier: GPL-2.0-or-later */
/* build.c owns images that are made here. */
#include "registry/build.h"
#include "registry/deflate.h"
#include "registry/hasher.h"

#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A layer on its way: the tar's bytes are hashed and packed; what comes of that is hashed and written. */
struct packing {
	struct hasher plain, packed;
	struct deflate deflate;
	int file_fd;
	int64_t size;
	int failure; /* of the file */
};

static int take_packed(void *context, const void *data, size_t len)
{
	struct packing *p = context;
	hasher_add(&p->packed, data, len);
	p->size += (int64_t)len;
	return p->failure = fd_write_all(p->file_fd, data, len);
}

static int take_plain(void *context, const void *data, size_t len)
{
	struct packing *p = context;
	hasher_add(&p->plain, data, len);
	return deflate_add(&p->deflate, data, len);
}

struct teller {
	int (*tell)(void *context, struct tar_writer *writer, size_t *ret_entries, struct err *err);
	void *context;
};

static int pack(const struct store *store, const struct teller *teller, struct packing *p, size_t *ret_entries, struct err *err)
{
	struct tar_writer writer;
	p->file_fd = openat(store->blobs_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644);
	if (p->file_fd < 0)
		return err_sys(err, "cannot create a blob in the store");
	int r = tar_writer_open(&writer, take_plain, p, err);
	if (r == 0)
		r = teller->tell(teller->context, &writer, ret_entries, err);
	if (r == 0)
		r = tar_writer_end(&writer, err);
	tar_writer_done(&writer);
	if (r == 0 && (r = deflate_end(&p->deflate)) < 0)
		err_code(err, r, "cannot write the layer");
	return p->failure < 0 ? err_code(err, p->failure, "cannot write the layer to the store") : r;
}

static int publish(const struct store *store, const struct packing *p, const struct digest *digest, struct err *err)
{
	if (fsync(p->file_fd) < 0)
		return err_sys(err, "cannot write the layer to disk");
	int r = fd_link(p->file_fd, store->blobs_fd, digest_hex(digest));
	return r < 0 && r != -EEXIST ? err_code(err, r, "cannot publish the layer") : 0;
}

int build_layer(const struct store *store, int (*tell)(void *context, struct tar_writer *writer, size_t *ret_entries, struct err *err),
	void *context, struct descriptor *ret_layer, struct digest *ret_diff_id, struct err *err)
{
	struct packing p = { .file_fd = -1 };
	size_t entries = 0;
	hasher_init(&p.plain);
	hasher_init(&p.packed);
	deflate_open(&p.deflate, take_packed, &p);
	int r = pack(store, &(struct teller){ tell, context }, &p, &entries, err);
	if (r == 0 && entries) {
		hasher_end(&p.plain, ret_diff_id);
		hasher_end(&p.packed, &ret_layer->digest);
		ret_layer->size = p.size;
		r = publish(store, &p, &ret_layer->digest, err);
	}
	hasher_done(&p.plain);
	hasher_done(&p.packed);
	deflate_done(&p.deflate);
	fd_close(&p.file_fd);
	return r;
}

static void add_layer(struct manifest *manifest, const struct descriptor *layer)
{
	bool is_docker = str_eq(manifest->media_type, MEDIA_DOCKER_MANIFEST);
	manifest->layers = mem_grow(manifest->layers, manifest->layer_count + 1, sizeof *manifest->layers);
	struct descriptor *added = &manifest->layers[manifest->layer_count++];
	*added = *layer;
	snprintf(added->media_type, sizeof added->media_type, "%s",
		is_docker ? "application/vnd.docker.image.rootfs.diff.tar.gzip" : "application/vnd.oci.image.layer.v1.tar+gzip");
}

/* Documents as they would come from a registry, in `in`. */
static void write_documents(const struct build *build, struct incoming *in)
{
	struct manifest *manifest = build->manifest;
	cleanup_free char *config = derive_write(build->derive, &build->step);
	buf_str(&in->config_text, config);
	digest_of(config, strlen(config), &manifest->config.digest);
	manifest->config.size = (int64_t)in->config_text.len;
	cleanup_free char *text = json_write_manifest(manifest);
	buf_str(&in->manifest_text, text);
	digest_of(text, strlen(text), &in->manifest_digest);
	in->name = str_dup(build->name);
}

int build_image(const struct store *store, struct build *build, struct digest *ret_id, struct err *err)
{
	struct incoming in = { 0 };
	const struct install_options options = { .single_id = build->single_id, .progress = build->progress, .notes = build->notes,
		.made_here = true };
	if (build->step.diff_id)
		add_layer(build->manifest, build->layer);
	write_documents(build, &in);
	int r = json_read_manifest(in.manifest_text.data, in.manifest_text.len, &in.manifest, err);
	if (r == 0)
		r = incoming_read_config(&in, err);
	if (r == 0)
		r = install_image(store, &in, &options, err);
	if (r == 0)
		*ret_id = in.manifest.config.digest;
	incoming_done(&in);
	return r;
}
