/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz.h owns what the fuzzers share: their form, their seeds, and how they say that something is wrong. */
/*
 * A fuzzer is one file, fuzz_NAME.c, linked twice: with libFuzzer (`make fuzz`), which looks for new inputs, and with
 * replay.c (`make check`), which tries the seeds and a fixed number of mutations of them.
 */
#ifndef XRUN_TESTS_FUZZ_H
#define XRUN_TESTS_FUZZ_H

#include "src/base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* https://llvm.org/docs/LibFuzzer.html, "Fuzz Target" and "Startup initialization"; the latter only where needed. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

/* Each fuzzer: appends its seed number i, counted from 0; false if there is none. How many mutations `make check` tries. */
bool fuzz_seed(size_t i, struct buf *ret_seed);
extern const unsigned fuzz_rounds;

/* Seeds that are texts, which may have NULs within. */
#define FUZZ_SEEDS(...)                                                                                            \
	bool fuzz_seed(size_t i, struct buf *ret_seed)                                                             \
	{                                                                                                          \
		static const struct {                                                                              \
			const char *text;                                                                          \
			size_t size;                                                                               \
		} seeds[] = { __VA_ARGS__ };                                                                       \
		if (i >= sizeof seeds / sizeof *seeds)                                                             \
			return false;                                                                              \
		buf_add(ret_seed, seeds[i].text, seeds[i].size);                                                   \
		return true;                                                                                       \
	}
#define SEED(text) { text, sizeof text - 1 }

#define CHECK(condition)                                                                                           \
	do {                                                                                                       \
		if (!(condition)) {                                                                                \
			fprintf(stderr, "%s:%d: this does not hold: %s\n", __FILE__, __LINE__, #condition);        \
			abort();                                                                                   \
		}                                                                                                  \
	} while (0)

/* The input up to its next NUL, or its end, which is taken off it; the caller's, and not a byte longer than it must be. */
static inline char *fuzz_text(const uint8_t **data, size_t *size)
{
	size_t len = 0;
	while (len < *size && (*data)[len])
		len++;
	char *text = str_ndup((const char *)*data, len);
	len += len < *size;
	*data += len;
	*size -= len;
	return text;
}

/* The same for a single byte: 0 at the end. */
static inline uint8_t fuzz_byte(const uint8_t **data, size_t *size)
{
	if (!*size)
		return 0;
	--*size;
	return *(*data)++;
}

#endif
