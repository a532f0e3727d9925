/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pull.c owns bringing an image from a registry into a store. */
#include "registry/pull.h"
#include "registry/hasher.h"
#include "registry/install.h"

#include <errno.h>
#include <stdio.h>

#define ACCEPT MEDIA_INDEX ", " MEDIA_MANIFEST ", " MEDIA_DOCKER_LIST ", " MEDIA_DOCKER_MANIFEST

struct pull {
	const struct store *store;
	const struct pull_options *options;
	struct session session;
	struct http *http;
	struct incoming in;
};

static int get_document(struct pull *p, const char *path, const char *accept, const struct digest *want, struct buf *ret_text,
	char *ret_type, size_t type_size, struct digest *ret_digest, struct err *err)
{
	struct http_response response = { 0 };
	cleanup_free char *what = str_fmt("%s%s", accept ? "" : "the configuration of ", p->in.name);
	struct session_request request = { .path = path, .accept = accept, .what = what, .limit = JSON_LIMIT };
	int r = session_get(&p->session, p->http, &request, &response, err);
	if (r == -ENOENT && accept)
		err_append(err, "; is the name right, and the tag? What is private may need xrun login");
	if (r < 0)
		return r;
	digest_of(response.body.data, response.body.len, ret_digest);
	if (want && *want->text && !digest_equal(want, ret_digest))
		r = err_set(err, -EBADMSG, "%s: the registry sent something with the digest %s instead of %s", what, ret_digest->text,
			want->text);
	else if (accept && response.digest && str_starts(response.digest, "sha256:") && !str_eq(response.digest, ret_digest->text))
		r = err_set(err, -EBADMSG, "%s: the manifest is damaged: its digest is %s, announced was %s", p->in.name, ret_digest->text,
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
	err_set(err, -ENOENT, "%s has no image for %s; it has: %s", p->in.name,
		p->options->all_platforms ? "linux" : platform_text(&p->options->platform).text, list.len ? list.data : "nothing");
	if (index->passed_over)
		err_append(err, "; %zu more by other digests than sha256, which are not understood", index->passed_over);
	return err->code;
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

/* The document at a digest, or else at the tag; a manifest is also read. */
static int get_manifest(struct pull *p, const struct digest *want, enum document *ret_kind, struct err *err)
{
	char type[128];
	struct buf *text = &p->in.manifest_text;
	cleanup_free char *path = str_fmt("manifests/%s", *want->text ? want->text : p->options->reference.tag);
	int r = get_document(p, path, ACCEPT, want, text, type, sizeof type, &p->in.manifest_digest, err);
	if (r < 0)
		return r;
	r = json_document_kind(text->data, text->len, type, ret_kind, err);
	if (r == 0 && *ret_kind == DOCUMENT_MANIFEST)
		r = json_read_manifest(text->data, text->len, &p->in.manifest, err);
	return r < 0 ? err_prefix(err, "%s", p->in.name) : 0;
}

static int get_config(struct pull *p, const struct platform *want, struct err *err)
{
	char type[128];
	struct digest found;
	cleanup_free char *path = str_fmt("blobs/%s", p->in.manifest.config.digest.text);
	int r = get_document(p, path, NULL, &p->in.manifest.config.digest, &p->in.config_text, type, sizeof type, &found, err);
	if (r < 0)
		return r;
	r = incoming_read_config(&p->in, err);
	if (r == 0 && want && platform_score(&p->in.image.platform, want) == 0)
		r = err_set(err, -ENOENT, "%s is for %s, not for %s; run it with --platform %s", p->in.name,
			platform_text(&p->in.image.platform).text, platform_text(want).text,
			platform_text(&p->in.image.platform).text);
	return r;
}

/* The manifest is there: the rest. `want` NULL: whatever platform it is for. */
static int pull_manifest(struct pull *p, const struct platform *want, struct err *err)
{
	struct install_options options = { .session = &p->session, .single_id = p->options->single_id,
		.progress = p->options->progress };
	int r = get_config(p, want, err);
	return r < 0 ? r : install_image(p->store, &p->in, &options, err);
}

/* One that an index named. */
static int pull_entry(struct pull *p, const struct digest *digest, const struct platform *want, struct err *err)
{
	enum document kind = DOCUMENT_MANIFEST;
	incoming_done(&p->in);
	p->in.name = reference_text(&p->options->reference);
	int r = get_manifest(p, digest, &kind, err);
	if (r == 0 && kind != DOCUMENT_MANIFEST)
		r = err_set(err, -EBADMSG, "%s: its index leads to another index", p->in.name);
	return r < 0 ? r : pull_manifest(p, want, err);
}

/* Every one for linux; attestations are for "unknown". */
static int pull_entries(struct pull *p, const struct index *index, struct err *err)
{
	size_t count = 0;
	int r = 0;
	for (size_t i = 0; r == 0 && i < index->count; i++) {
		const struct descriptor *entry = &index->entries[i];
		if (!str_eq(entry->platform.os, "linux"))
			continue;
		count++;
		r = pull_entry(p, &entry->digest, &entry->platform, err);
	}
	return r == 0 && count == 0 ? no_match(p, index, err) : r;
}

static int follow_index(struct pull *p, struct err *err)
{
	struct index index = { 0 };
	struct digest digest;
	if (json_read_offer(p->in.manifest_text.data, p->in.manifest_text.len, &index, err) < 0)
		return err_prefix(err, "%s", p->in.name);
	int r;
	if (p->options->all_platforms)
		r = pull_entries(p, &index, err);
	else if (choose(&index, &p->options->platform, &digest))
		r = pull_entry(p, &digest, &p->options->platform, err);
	else
		r = no_match(p, &index, err);
	index_done(&index);
	return r;
}

static int pull(struct pull *p, struct err *err)
{
	enum document kind = DOCUMENT_MANIFEST;
	int r = store_reclaim_staging(p->store, err);
	if (r == 0)
		r = get_manifest(p, &p->options->reference.digest, &kind, err);
	if (r < 0)
		return r;
	if (kind == DOCUMENT_INDEX)
		return follow_index(p, err);
	return pull_manifest(p, p->options->all_platforms ? NULL : &p->options->platform, err);
}

int pull_image(const struct store *store, const struct pull_options *options, struct err *err)
{
	struct pull p = { .store = store, .options = options };
	p.in.name = reference_text(&options->reference);
	p.session = (struct session){ .endpoints = &options->endpoints };
	p.http = http_new();
	int r = p.http ? pull(&p, err) : err_set(err, -ENOMEM, "cannot start libcurl");
	http_free(p.http);
	session_done(&p.session);
	incoming_done(&p.in);
	return r;
}

int pull_try_login(const struct endpoints *endpoints, struct err *err)
{
	enum { ANSWER_LIMIT = 1 << 20 };
	struct http_response response = { 0 };
	struct session session = { .endpoints = endpoints };
	struct session_request request = { .what = "logging in", .limit = ANSWER_LIMIT };
	struct http *http = http_new();
	int r = http ? session_get(&session, http, &request, &response, err) : err_set(err, -ENOMEM, "cannot start libcurl");
	http_response_done(&response);
	http_free(http);
	session_done(&session);
	return r;
}
