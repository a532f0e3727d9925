/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_flush.c: what is unpacked goes to the disk meanwhile, and no failure of that is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "registry/flush.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { MUCH = 32 << 20 };

static void little_is_left_for_the_end(void **state)
{
	struct flush flush;
	(void)state;
	int fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	flush_init(&flush, fd);
	flush_note(&flush, MUCH - 1);
	assert_false(flush.running);
	flush_note(&flush, 1);
	assert_true(flush.running);
	assert_int_equal(flush_finish(&flush), 0);
	flush_done(&flush);
	close(fd);
}

static int failure_of(struct flush *flush)
{
	pthread_mutex_lock(&flush->lock);
	int failure = flush->failure;
	pthread_mutex_unlock(&flush->lock);
	return failure;
}

/* syncfs(2) reports an error of writing once: to the thread, here, and the last flush succeeds. */
static void a_failure_on_the_way_is_the_pull_s(void **state)
{
	struct flush flush;
	(void)state;
	flush_init(&flush, -1);
	flush_note(&flush, MUCH);
	for (int i = 0; i < 60000 && !failure_of(&flush); i++)
		usleep(1000);
	flush.fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(flush_finish(&flush), -EBADF);
	close(flush.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(little_is_left_for_the_end),
		cmocka_unit_test(a_failure_on_the_way_is_the_pull_s),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
