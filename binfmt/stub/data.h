/* SPDX-License-Identifier: GPL-2.0-or-later */
/* data.h owns what follows the stub in a patched emulator. */
#ifndef XRUN_BINFMT_STUB_DATA_H
#define XRUN_BINFMT_STUB_DATA_H

#include <stdint.h>

/* The host's byte order: emulators are programs of the host. */
struct stub_data {
	int64_t entry;     /* the emulator's own entry point, from the stub's first byte */
	uint64_t count;    /* of words, at most STUB_MAX_WORDS */
	int64_t code;      /* where the program's code begins, from the stub's first byte */
	uint64_t size;     /* of the stub and all that follows it */
	char words[];      /* each ends with a NUL */
};

/* Bytes below the stack that the new one may take: count words, and one more for alignment. */
#define STUB_ROOM_TEXT "4096"
enum { STUB_ROOM = 4096, STUB_MAX_WORDS = STUB_ROOM / 8 - 1 };

#endif
