/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doctor_arch.c owns `xrun doctor --arch`: what guests of an architecture cannot do, found by running a payload. */
/*
 * The payload (src/probe) runs twice, in two containers that differ in nothing but their architecture: so what only the
 * guest cannot do is the emulator's doing, and what both cannot do is the container's or the kernel's.
 */
#include "src/cli/doctor.h"

#include "binfmt/binfmt.h"
#include "src/base/fd.h"
#include "src/base/self.h"
#include "src/cli/listing.h"
#include "src/cli/run.h"
#include "src/runtime/container.h"
#include "src/runtime/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PLACE "/xrun-probe" /* of the payload in the container */
enum { OUTPUT_LIMIT = 256 << 10, FIELDS = 4 };
enum field { NAME, RESULT, DETAIL, USERS };

static const struct column columns[] = {
	{ "PROBE", "name" }, { "HERE", "native" }, { "THERE", "guest" }, { "DETAIL", "detail" }, { "WHO NEEDS IT", "users" }, { 0 },
};

/* Debian's cross compilers; their C libraries are called by Debian's names of the architectures. */
static const char *const packages[][3] = {
	{ "x86_64", "gcc", "libc6-dev" }, { "i386", "gcc-i686-linux-gnu", "libc6-dev-i386-cross" },
	{ "aarch64", "gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross" }, { "armv7", "gcc-arm-linux-gnueabihf", "libc6-dev-armhf-cross" },
	{ "armv6", "gcc-arm-linux-gnueabi", "libc6-dev-armel-cross" }, { "armv5", "gcc-arm-linux-gnueabi", "libc6-dev-armel-cross" },
	{ "riscv64", "gcc-riscv64-linux-gnu", "libc6-dev-riscv64-cross" }, { "ppc64le", "gcc-powerpc64le-linux-gnu", "libc6-dev-ppc64el-cross" },
	{ "s390x", "gcc-s390x-linux-gnu", "libc6-dev-s390x-cross" }, { "mips64el", "gcc-mips64el-linux-gnuabi64", "libc6-dev-mips64el-cross" },
	{ "mipsel", "gcc-mipsel-linux-gnu", "libc6-dev-mipsel-cross" }, { "ppc64", "gcc-powerpc64-linux-gnu", "libc6-dev-ppc64-cross" },
	{ "mips64", "gcc-mips64-linux-gnuabi64", "libc6-dev-mips64-cross" }, { "mips", "gcc-mips-linux-gnu", "libc6-dev-mips-cross" },
	{ "loongarch64", "gcc-14-loongarch64-linux-gnu", "libc6-dev-loong64-cross" },
};

static int find_payload(const struct arch *arch, char **ret_path, struct err *err)
{
	cleanup_free char *name = str_fmt("probe/%s/xrun-probe", arch->name);
	*ret_path = self_find(name);
	if (*ret_path)
		return 0;
	for (size_t i = 0; i < sizeof packages / sizeof *packages; i++)
		if (str_eq(packages[i][0], arch->name))
			return err_set(err, -ENOENT, "the payload for %s is not installed; in xrun's source: sudo apt install %s %s, then make "
				"probes, sudo make install", arch->name, packages[i][1], packages[i][2]);
	return err_set(err, -ENOENT, "there is no payload for %s", arch->name);
}

/* An image without layers: the payload is all that is in the container. */
static void make_image(const struct arch *arch, struct image *ret_image)
{
	*ret_image = (struct image){ .platform = { .os = "linux" }, .reference = str_dup("xrun-probe"), .created = str_dup(""),
		.user = str_dup(""), .working_dir = str_dup("/"), .stop_signal = str_dup("") };
	snprintf(ret_image->platform.arch, sizeof ret_image->platform.arch, "%s", arch->oci_arch);
	snprintf(ret_image->platform.variant, sizeof ret_image->platform.variant, "%s", arch->oci_variant);
}

static int plan(const struct arch *arch, const char *emulator, const char *payload, int store_fd, struct spec *spec, struct err *err)
{
	char *no_env[] = { NULL };
	struct image image;
	struct request request = { .emulator = emulator, .network = "none" };
	cleanup_free char *volume = str_fmt("%s:" PLACE ":ro", payload);
	strv_add(&request.command, PLACE);
	strv_add(&request.volumes, volume);
	make_image(arch, &image);
	spec->id = str_fmt("doctor-%d", getpid());
	int r = request_plan(&request, &image, no_env, spec, err);
	if (r == 0)
		r = run_plan_emulation(&request, &image, store_fd, spec, err);
	image_done(&image);
	request_done(&request);
	return r;
}

/* With the container's standard output in a file in memory, for as long as it runs. */
static int run_captured(const struct spec *spec, const struct idmap *map, int store_fd, struct buf *ret_output, struct err *err)
{
	cleanup_container_result struct container_result result = { 0 };
	cleanup_fd int memory_fd = memfd_create("xrun-probe", MFD_CLOEXEC);
	cleanup_fd int saved_fd = fcntl(1, F_DUPFD_CLOEXEC, 3);
	fflush(stdout);
	if (memory_fd < 0 || saved_fd < 0 || dup2(memory_fd, 1) < 0)
		return err_sys(err, "cannot keep the probe's output");
	int r = container_run(spec, map, store_fd, false, NULL, &result, err);
	if (dup2(saved_fd, 1) < 0 && r == 0)
		r = err_sys(err, "cannot restore standard output");
	if (r == 0 && (lseek(memory_fd, 0, SEEK_SET) < 0 || fd_read_all(memory_fd, OUTPUT_LIMIT, ret_output) < 0))
		r = err_set(err, -EIO, "cannot read the probe's output");
	if (r == 0 && (result.status != 0 || !ret_output->len))
		r = err_set(err, -EIO, "the probe ended with status %d", result.status);
	return r;
}

static int probe(const struct arch *arch, const char *emulator, const struct idmap *map, int store_fd, struct buf *ret_output,
	struct err *err)
{
	struct spec spec = { 0 };
	cleanup_free char *payload = NULL;
	int r = find_payload(arch, &payload, err);
	if (r == 0)
		r = plan(arch, emulator, payload, store_fd, &spec, err);
	if (r == 0)
		r = run_captured(&spec, map, store_fd, ret_output, err);
	spec_done(&spec);
	return r < 0 ? err_prefix(err, "probing %s", arch->name) : 0;
}

/* The next line's fields, in place; false at the end, and for what no payload prints. */
static bool next_row(char **text, char *ret_fields[FIELDS])
{
	char *line = strsep(text, "\n");
	for (int i = 0; i < FIELDS; i++)
		ret_fields[i] = line ? strsep(&line, "\t") : NULL;
	return ret_fields[FIELDS - 1];
}

/* Both payloads are built from the same tables, so their lines go side by side; a name that differs shows a mixed build. */
static int compare(char *native, char *guest, bool all, struct listing *listing, int *ret_same, struct err *err)
{
	char *here[FIELDS], *there[FIELDS];
	while (next_row(&native, here) && next_row(&guest, there)) {
		if (!str_eq(here[NAME], there[NAME]))
			return err_set(err, -EPROTO, "the payloads are of different versions of xrun: make probes builds them anew");
		bool same = str_eq(here[RESULT], there[RESULT]);
		*ret_same += same;
		if (same && !all)
			continue;
		listing_add(listing, (const char *[]){ here[NAME], here[RESULT], there[RESULT], there[DETAIL], there[USERS] });
	}
	return 0;
}

static int print(const struct arch *arch, char *native, char *guest, const struct doctor_wish *wish, struct err *err)
{
	int same = 0;
	cleanup_listing struct listing listing = { .columns = columns };
	int r = compare(native, guest, wish->all || wish->format, &listing, &same, err);
	if (r < 0 || wish->format)
		return r < 0 ? r : listing_print(&listing, wish->format, err);
	if (listing.rows)
		r = listing_print(&listing, NULL, err);
	printf("%s%d probes have the same result in a container of %s as in a native one.\n", listing.rows ? "\n" : "", same, arch->name);
	return r;
}

static int make_store(void *context, struct err *err)
{
	cleanup_store struct store store = STORE_CLOSED;
	return store_open(&store, *(int *)context, true, err);
}

int doctor_compare(const struct globals *globals, const struct doctor_wish *wish, struct err *err)
{
	struct idmap map = { 0 };
	cleanup_buf struct buf native = { 0 }, guest = { 0 };
	const struct arch *arch = cli_arch(wish->arch, err);
	if (!arch)
		return err->code;
	int r = idmap_plan(&map, err);
	cleanup_fd int store_fd = r < 0 ? r : cli_open_store_dir(globals, &map, err);
	r = store_fd < 0 ? store_fd : userns_call(&map, (int *[]){ &store_fd, NULL }, make_store, &store_fd, err);
	if (r == 0)
		r = probe(arch, wish->emulator, &map, store_fd, &guest, err);
	if (r == 0)
		r = probe(arch_host(), NULL, &map, store_fd, &native, err);
	return r < 0 ? r : print(arch, native.data, guest.data, wish, err);
}
