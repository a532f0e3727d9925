/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_names.c: digests, platforms and architectures as text. */
#include "binfmt/arch.h"
#include "registry/digest.h"
#include "registry/image.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

const unsigned fuzz_rounds = 60000;
FUZZ_SEEDS(SEED("sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"), SEED("linux/arm/v7"),
	SEED("arm64"), SEED("linux/arm64/v8"), SEED("windows/amd64"), SEED("Linux/PPC64EL"), SEED("s390x"), SEED("linux/386"),
	SEED("sha512:0123456789abcdef"))

static void try_digest(const char *text)
{
	struct digest digest, again;
	if (!digest_parse(text, &digest))
		return;
	CHECK(str_eq(digest.text, text) && strlen(text) == DIGEST_SIZE - 1);
	CHECK(strlen(digest_hex(&digest)) == DIGEST_HEX);
	CHECK(strspn(digest_hex(&digest), "0123456789abcdef") == DIGEST_HEX); /* it becomes a file's name */
	CHECK(digest_parse(digest.text, &again) && digest_equal(&digest, &again));
}

static void try_platform(const char *text)
{
	struct platform platform, again;
	if (!platform_parse(text, &platform))
		return;
	CHECK(*platform.os && *platform.arch && !strpbrk(platform.os, "/") && !strpbrk(platform.arch, "/"));
	CHECK(platform_parse(platform_text(&platform).text, &again));
	CHECK(str_eq(platform_text(&platform).text, platform_text(&again).text));
	CHECK(platform_score(&platform, &again) == 100);
}

static void try_arch(const char *text)
{
	const struct arch *arch = arch_by_name(text);
	if (!arch)
		return;
	CHECK(arch_by_name(arch->name) == arch);
	CHECK(arch_by_platform(arch->oci_arch, arch->oci_variant) == arch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *text = fuzz_text(&data, &size);
	try_digest(text);
	try_platform(text);
	try_arch(text);
	return 0;
}
