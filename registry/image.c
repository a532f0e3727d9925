/* SPDX-License-Identifier: GPL-2.0-or-later */
/* image.c owns platforms and the memory of struct image. Pure. */
#include "registry/image.h"

#include <stdio.h>
#include <string.h>

struct platform_text platform_text(const struct platform *p)
{
	struct platform_text text;
	snprintf(text.text, sizeof text.text, "%s/%s%s%s", p->os, p->arch, *p->variant ? "/" : "", p->variant);
	return text;
}

static bool take(char *field, size_t size, const char *text, size_t len)
{
	if (!len || len >= size)
		return false;
	memcpy(field, text, len);
	field[len] = 0;
	return true;
}

bool platform_parse(const char *text, struct platform *ret_platform)
{
	struct platform p = { .os = "linux" };
	const char *slash = strchr(text, '/');
	if (slash) {
		if (!take(p.os, sizeof p.os, text, slash - text))
			return false;
		text = slash + 1;
	}
	slash = strchr(text, '/');
	if (!take(p.arch, sizeof p.arch, text, slash ? (size_t)(slash - text) : strlen(text)))
		return false;
	if (slash && (!take(p.variant, sizeof p.variant, slash + 1, strlen(slash + 1)) || strchr(slash + 1, '/')))
		return false;
	*ret_platform = p;
	return true;
}

static const struct {
	const char *other, *arch, *variant;
} other_names[] = {
	{ "x86_64", "amd64", "" },
	{ "x86-64", "amd64", "" },
	{ "i386", "386", "" },
	{ "i486", "386", "" },
	{ "i586", "386", "" },
	{ "i686", "386", "" },
	{ "aarch64", "arm64", "" },
	{ "armhf", "arm", "v7" },
	{ "armv7l", "arm", "v7" },
	{ "armv6l", "arm", "v6" },
	{ "armel", "arm", "v5" },
	{ "ppc64el", "ppc64le", "" },
	{ "mips64el", "mips64le", "" },
	{ "mipsel", "mipsle", "" },
	{ "loongarch64", "loong64", "" },
};

void platform_normalise(struct platform *p)
{
	for (size_t i = 0; i < sizeof other_names / sizeof *other_names; i++) {
		if (!str_eq(p->arch, other_names[i].other))
			continue;
		snprintf(p->arch, sizeof p->arch, "%s", other_names[i].arch);
		if (!*p->variant)
			snprintf(p->variant, sizeof p->variant, "%s", other_names[i].variant);
	}
	bool is_arm = str_eq(p->arch, "arm") || str_eq(p->arch, "arm64");
	if (is_arm && p->variant[0] >= '5' && p->variant[0] <= '9' && !p->variant[1])
		snprintf(p->variant, sizeof p->variant, "v%c", p->variant[0]);
}

/* The variant that a missing one stands for. */
static const char *variant_of(const struct platform *p)
{
	if (*p->variant)
		return p->variant;
	return str_eq(p->arch, "arm") ? "v7" : str_eq(p->arch, "arm64") ? "v8" : str_eq(p->arch, "amd64") ? "v1" : "";
}

int platform_score(const struct platform *have, const struct platform *want)
{
	const char *h = variant_of(have), *w = variant_of(want);
	if (!str_eq(have->os, want->os) || !str_eq(have->arch, want->arch))
		return 0;
	if (str_eq(h, w))
		return 100;
	if (str_eq(have->arch, "arm") && h[0] == 'v' && w[0] == 'v' && h[1] >= '5' && h[1] < w[1] && !h[2] && !w[2])
		return 50 + (h[1] - '0'); /* an older arm's programs run on a newer one */
	return 0;
}

void image_done(struct image *image)
{
	struct strv *lists[] = { &image->entrypoint, &image->cmd, &image->env, &image->volumes, &image->labels, &image->exposed };
	strv_done(&image->health.test);
	char *texts[] = { image->reference, image->created, image->user, image->working_dir, image->stop_signal };
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		strv_done(lists[i]);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		free(texts[i]);
	free(image->layers);
	*image = (struct image){ 0 };
}

void images_done(struct images *images)
{
	for (size_t i = 0; i < images->count; i++)
		image_done(&images->items[i]);
	free(images->items);
	*images = (struct images){ 0 };
}
