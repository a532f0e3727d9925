/* SPDX-License-Identifier: GPL-2.0-or-later */
/* str.h owns strings on the heap: formatting, growing buffers, lists of strings. */
#ifndef XRUN_BASE_STR_H
#define XRUN_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/*
 * Small allocations never return NULL: where memory is gone they abort(). Linux overcommits, so this is met only
 * under a hard rlimit; a path that could not be tested is worse than a core. Sizes that an image or a registry
 * chooses are bounded by the caller before they get here.
 */
void *mem_new(size_t size);                     /* zeroed */
void *mem_grow(void *old, size_t count, size_t size); /* realloc to count*size bytes, overflow checked */
char *str_dup(const char *s);                   /* NULL gives NULL */
char *str_ndup(const char *s, size_t n);
char *str_fmt(const char *format, ...) __attribute__((format(printf, 1, 2), returns_nonnull));
char *str_time(int64_t time); /* nanoseconds since 1970 as RFC 3339 with nine digits after the point, in UTC; "" if there is no such year */

static inline void cleanup_free_ptr(void *p) { free(*(void **)p); }
#define cleanup_free __attribute__((cleanup(cleanup_free_ptr)))

bool str_eq(const char *a, const char *b);      /* either may be NULL; NULL equals NULL only */
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);

/* The whole of `s` as a decimal number up to `max`; false if it is anything else (sign, blank, empty, too large). */
bool str_to_u64(const char *s, unsigned long long max, unsigned long long *ret_value);

/* A time like "1m30s" or "500ms", as Go writes durations, in milliseconds; false if it is anything else. */
bool str_to_ms(const char *s, uint64_t *ret_ms);

/* A growing byte buffer; always ends with a NUL that `len` does not count. {0} is an empty one. */
struct buf {
	char *data;
	size_t len;
	size_t room;
};
void buf_add(struct buf *b, const void *data, size_t len);
void buf_str(struct buf *b, const char *s);
void buf_fmt(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *buf_take(struct buf *b);                  /* the string, now the caller's; b is empty again; never NULL */
void buf_done(struct buf *b);
#define cleanup_buf __attribute__((cleanup(buf_done)))

/* A list of strings, NULL-terminated once it holds one, so that `items` can be an argv. {0} is an empty one. */
struct strv {
	char **items;
	size_t len;
};
void strv_add(struct strv *v, const char *s);   /* a copy */
void strv_take(struct strv *v, char *s);        /* the string itself, now the list's */
void strv_extend(struct strv *v, const struct strv *more);
void strv_copy(struct strv *v, char *const *items); /* appends a NULL-terminated array (NULL: nothing) */
bool strv_has(const struct strv *v, const char *s);
char *strv_join(const struct strv *v, const char *between); /* one string, the caller's */
void strv_done(struct strv *v);
#define cleanup_strv __attribute__((cleanup(strv_done)))

/* Lists of KEY=VALUE: the value for a key or NULL; set replaces or appends; unset removes. */
const char *strv_env_get(const struct strv *v, const char *key);
void strv_env_set(struct strv *v, const char *assignment);
void strv_env_unset(struct strv *v, const char *key);

#endif
