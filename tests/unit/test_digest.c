/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_digest.c: the text form of digests, and hashing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "registry/digest.h"
#include "registry/hasher.h"

#include <string.h>

static const char ABC[] = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

static void only_sha256_and_64_lower_case_digits_are_a_digest(void **state)
{
	(void)state;
	struct digest digest = { 0 };
	assert_true(digest_parse(ABC, &digest));
	assert_string_equal(digest.text, ABC);
	assert_string_equal(digest_hex(&digest), ABC + 7);
	static const char *const bad[] = {
		"", "sha256:", "sha512:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a",
		"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015add",
		"sha256:BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"sha256:../../../../../../../../../../../../../../../../../../../../../a",
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(digest_parse(bad[i], &digest));
	assert_false(digest_parse(NULL, &digest));
	assert_string_equal(digest.text, ABC);
}

static void digests_are_equal_as_text(void **state)
{
	(void)state;
	struct digest a = { 0 }, b = { 0 };
	assert_true(digest_equal(&a, &b));
	assert_true(digest_parse(ABC, &a));
	assert_false(digest_equal(&a, &b));
	assert_string_equal(digest_hex(&b), "");
}

static void a_hash_is_the_same_in_one_piece_and_in_many(void **state)
{
	(void)state;
	struct digest digest;
	struct hasher hasher;
	digest_of("abc", 3, &digest);
	assert_string_equal(digest.text, ABC);
	hasher_init(&hasher);
	hasher_add(&hasher, "a", 1);
	hasher_add(&hasher, "", 0);
	hasher_add(&hasher, "bc", 2);
	hasher_end(&hasher, &digest);
	assert_string_equal(digest.text, ABC);
	hasher_done(&hasher);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_sha256_and_64_lower_case_digits_are_a_digest),
		cmocka_unit_test(digests_are_equal_as_text),
		cmocka_unit_test(a_hash_is_the_same_in_one_piece_and_in_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
