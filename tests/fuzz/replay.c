/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replay.c runs a fuzzer without libFuzzer: on its seeds and on mutations that are the same every time. */
/*
 *   fuzz_NAME                  all of them, in a child; says which one failed
 *   fuzz_NAME SEED MUTATION    that one, in this process: for a debugger. Mutation 0 is the seed itself
 *   fuzz_NAME FILE             the input in that file, as libFuzzer leaves it
 *   fuzz_NAME seeds DIR        writes the seeds there, for libFuzzer to begin with
 */
#include "src/base/fd.h"
#include "src/base/process.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MAX_SIZE = 64 << 10 };

/* Knuth's MMIX generator; its upper bits are the good ones. */
static uint32_t draw(uint64_t *random, uint32_t below)
{
	*random = *random * 6364136223846793005ULL + 1442695040888963407ULL;
	return below ? (uint32_t)(*random >> 33) % below : 0;
}

static void replace(struct buf *input, size_t at, size_t len, const void *with, size_t with_len)
{
	struct buf changed = { 0 };
	buf_add(&changed, input->data, at);
	buf_add(&changed, with, with_len);
	buf_add(&changed, input->data + at + len, input->len - at - len);
	buf_done(input);
	*input = changed;
}

static void mutate_once(struct buf *input, const struct buf *other, uint64_t *random)
{
	static const unsigned char bytes[] = "\0\1\177\200\377 \t\n/.:@=,\"\\-_+0129aZ{}[]";
	size_t at = draw(random, input->len + 1), len = draw(random, 16);
	size_t from = draw(random, other->len + 1), other_len = draw(random, 64);
	if (len > input->len - at)
		len = input->len - at;
	if (other_len > other->len - from)
		other_len = other->len - from;
	const unsigned char byte = bytes[draw(random, sizeof bytes - 1)];
	switch (draw(random, 6)) {
	case 0: /* a bit */
		if (at < input->len)
			input->data[at] ^= 1 << draw(random, 8);
		return;
	case 1: /* a byte */
		replace(input, at, at < input->len, &byte, 1);
		return;
	case 2: /* one more */
		replace(input, at, 0, &byte, 1);
		return;
	case 3: /* some fewer */
		replace(input, at, len, "", 0);
		return;
	case 4: /* a part of another seed */
		replace(input, at, len, other->data, 0);
		replace(input, at, 0, other->data + from, other_len);
		return;
	default: /* a part twice */
		if (len) {
			cleanup_free char *part = mem_new(len);
			memcpy(part, input->data + at, len);
			replace(input, at, 0, part, len);
		}
	}
}

static size_t count_seeds(void)
{
	size_t count = 0;
	for (;; count++) {
		cleanup_buf struct buf seed = { 0 };
		if (!fuzz_seed(count, &seed))
			return count;
	}
}

/* Mutation 0 of a seed is the seed. */
static void run(size_t seed, unsigned mutation, size_t seeds)
{
	cleanup_buf struct buf input = { 0 }, other = { 0 };
	uint64_t random = ((uint64_t)seed << 32 | mutation) * 2654435761U;
	buf_str(&input, "");
	buf_str(&other, "");
	fuzz_seed(seed, &input);
	fuzz_seed(draw(&random, seeds), &other);
	for (uint32_t times = mutation ? 1 + draw(&random, 5) : 0; times; times--)
		mutate_once(&input, &other, &random);
	if (input.len > MAX_SIZE)
		return;
	uint8_t *exact = malloc(input.len ? input.len : 1); /* so that a sanitizer sees what is read beyond */
	if (!exact)
		abort();
	memcpy(exact, input.data, input.len);
	LLVMFuzzerTestOneInput(exact, input.len);
	free(exact);
}

struct place {
	size_t seed;
	unsigned mutation;
};

static void run_all(struct place *place, size_t seeds)
{
	for (place->seed = 0; place->seed < seeds; place->seed++)
		for (place->mutation = 0; place->mutation <= fuzz_rounds / seeds; place->mutation++)
			run(place->seed, place->mutation, seeds);
}

static int replay(const char *name, size_t seeds)
{
	struct place *place = mmap(NULL, sizeof *place, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (place == MAP_FAILED)
		return 1;
	pid_t child = fork();
	if (child == 0) {
		if (LLVMFuzzerInitialize && LLVMFuzzerInitialize(NULL, NULL) != 0)
			exit(1);
		run_all(place, seeds);
		exit(0);
	}
	int status = child < 0 ? -errno : process_wait(child);
	if (status == 0)
		printf("[       OK ] %s\n", name);
	else
		printf("seed %zu, mutation %u failed with status %d\n[  FAILED  ] %s\n", place->seed, place->mutation, status, name);
	return status != 0;
}

static int write_seeds(const char *dir, size_t seeds)
{
	struct err err = { 0 };
	cleanup_fd int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < seeds; i++) {
		cleanup_buf struct buf seed = { 0 };
		cleanup_free char *name = str_fmt("seed-%zu", i);
		fuzz_seed(i, &seed);
		if (fd_publish_file(dir_fd, name, seed.data, seed.len, 0644, &err) < 0) {
			fprintf(stderr, "%s\n", err.text);
			return 1;
		}
	}
	return 0;
}

static int run_file(const char *path)
{
	struct err err = { 0 };
	cleanup_buf struct buf input = { 0 };
	if (fd_read_file(AT_FDCWD, path, MAX_SIZE, &input, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	return LLVMFuzzerTestOneInput((uint8_t *)input.data, input.len);
}

int main(int argc, char **argv)
{
	unsigned long long seed, mutation;
	size_t seeds = count_seeds();
	if (argc == 1)
		return replay(strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0], seeds);
	if (argc == 3 && str_eq(argv[1], "seeds"))
		return write_seeds(argv[2], seeds);
	if (LLVMFuzzerInitialize && LLVMFuzzerInitialize(&argc, &argv) != 0)
		return 1;
	if (argc == 2)
		return run_file(argv[1]);
	if (argc != 3 || !str_to_u64(argv[1], SIZE_MAX, &seed) || !str_to_u64(argv[2], UINT32_MAX, &mutation))
		return 2;
	run(seed, mutation, seeds);
	return 0;
}
