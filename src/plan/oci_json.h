/* SPDX-License-Identifier: GPL-2.0-or-later */
/* oci_json.h owns taking values of known types out of an engine's config.json. */
/*
 * The first error stays, and all that is asked for afterwards is absent: a reader asks for everything and looks once. null
 * is the same as nothing. Keys that nobody asks for are ignored, as the runtime specification wants it.
 */
#ifndef XRUN_PLAN_OCI_JSON_H
#define XRUN_PLAN_OCI_JSON_H

#include "src/base/err.h"
#include "src/base/str.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct oci_reader {
	int r;             /* 0 or a negative errno */
	const char *where; /* the object that is being read, for messages: "process" */
	struct err *err;
};

/* What is wrong with a value: "config.json: WHERE: ..."; the first time only. */
void oci_refuse(struct oci_reader *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

const char *oci_text(struct oci_reader *o, const json_t *object, const char *key); /* borrowed, or NULL */
const char *oci_need_text(struct oci_reader *o, const json_t *object, const char *key); /* "" with an error where it is missing */
bool oci_flag(struct oci_reader *o, const json_t *object, const char *key);
bool oci_number(struct oci_reader *o, const json_t *object, const char *key, int64_t min, int64_t max, int64_t *ret_value);
bool oci_unsigned(struct oci_reader *o, const json_t *object, const char *key, uint64_t *ret_value);
json_t *oci_object(struct oci_reader *o, const json_t *object, const char *key);
json_t *oci_array(struct oci_reader *o, const json_t *object, const char *key); /* of objects; NULL or an array */
void oci_texts(struct oci_reader *o, const json_t *object, const char *key, struct strv *ret_list);

/* The document, the caller's; numbers above 2^63-1 are reals in it, as jansson knows no others. NULL with an error. */
json_t *oci_parse(const char *text, size_t len, struct err *err);

#endif
