/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run.c owns `xrun run`: request, image, spec, container. */
#include "src/cli/cli.h"

#include "binfmt/binfmt.h"
#include "registry/reference.h"
#include "src/base/fd.h"
#include "src/cli/options.h"
#include "src/plan/config.h"
#include "src/plan/request.h"
#include "src/runtime/container.h"
#include "src/runtime/security.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

extern char **environ;

#define FIELD(name) offsetof(struct request, name)
static const struct option options[] = {
	{ "arch", 0, OPTION_TEXT, FIELD(arch), "ARCH", "architecture, by any of its names: aarch64, armhf, riscv64, ..." },
	{ "platform", 0, OPTION_TEXT, FIELD(platform), "OS/ARCH", "the same as docker writes it: linux/arm64" },
	{ "interactive", 'i', OPTION_SWITCH, FIELD(interactive), NULL, "keep standard input open" },
	{ "tty", 't', OPTION_SWITCH, FIELD(terminal), NULL, "give the program a terminal" },
	{ "env", 'e', OPTION_LIST, FIELD(env), "NAME[=VALUE]", "set an environment variable; without a value, pass ours on" },
	{ "env-file", 0, OPTION_LIST, FIELD(env_files), "FILE", "environment variables from a file, one a line" },
	{ "workdir", 'w', OPTION_TEXT, FIELD(workdir), "DIR", "working directory in the container" },
	{ "user", 'u', OPTION_TEXT, FIELD(user), "USER[:GROUP]", "run as, by name or number" },
	{ "volume", 'v', OPTION_LIST, FIELD(volumes), "HOST:CONTAINER[:ro]", "show a host file or directory in the container" },
	{ "tmpfs", 0, OPTION_LIST, FIELD(tmpfs), "DIR", "an empty directory in memory" },
	{ "read-only", 0, OPTION_SWITCH, FIELD(read_only), NULL, "make the image's files read-only" },
	{ "rm", 0, OPTION_SWITCH, FIELD(remove), NULL, "remove the container when it ends (always so, for now)" },
	{ "name", 0, OPTION_TEXT, FIELD(name), "NAME", "the container's name; two of the same name cannot run at once" },
	{ "hostname", 0, OPTION_TEXT, FIELD(hostname), "NAME", "the container's hostname" },
	{ "entrypoint", 0, OPTION_TEXT, FIELD(entrypoint), "PROGRAM", "instead of the image's entrypoint" },
	{ "network", 0, OPTION_TEXT, FIELD(network), "none|host", "none (the default): only lo; host: the host's" },
	{ "init", 0, OPTION_SWITCH, FIELD(init), NULL, "a first process that reaps orphans and passes signals on" },
	{ "pull", 0, OPTION_TEXT, FIELD(pull), "WHEN", "always, missing (the default) or never" },
	{ "memory", 'm', OPTION_TEXT, FIELD(memory), "SIZE", "limit memory: 64m, 2g" },
	{ "cpus", 0, OPTION_TEXT, FIELD(cpus), "NUMBER", "limit processor time: 0.5, 2" },
	{ "pids-limit", 0, OPTION_TEXT, FIELD(pids_limit), "NUMBER", "limit the number of processes" },
	{ "cap-add", 0, OPTION_LIST, FIELD(cap_add), "CAP", "add a capability; ALL for every one" },
	{ "cap-drop", 0, OPTION_LIST, FIELD(cap_drop), "CAP", "drop a capability; ALL for every one" },
	{ "security-opt", 0, OPTION_LIST, FIELD(security), "OPTION", "no-new-privileges, seccomp=unconfined" },
	{ "emulator", 0, OPTION_TEXT, FIELD(emulator), "FILE", "the emulator to use, instead of qemu-ARCH-static" },
	{ "creds", 0, OPTION_TEXT, FIELD(creds), "USER:PASSWORD", "log in to the registry" },
	{ "tls-verify", 0, OPTION_SWITCH, FIELD(tls_verify), NULL, "=false: accept plain HTTP and unknown certificates" },
	{ "quiet", 'q', OPTION_SWITCH, FIELD(quiet), NULL, "show no progress" },
	{ "dry-run", 0, OPTION_SWITCH, FIELD(dry_run), NULL, "print the container's config.json and start nothing" },
	{ "help", 'h', OPTION_SWITCH, FIELD(help), NULL, "show this" },
	{ 0 },
};

static int print_help(void)
{
	cleanup_buf struct buf text = { 0 };
	options_help(options, &text);
	printf("Usage: xrun [run] [OPTIONS] IMAGE [COMMAND [ARG...]]\n\n"
	       "  xrun --arch aarch64 debian:12 uname -m\n"
	       "  xrun -it -v .:/src -w /src --arch riscv64 debian:trixie bash\n"
	       "  xrun --memory 512m --cpus 1.5 alpine ./test.sh\n\n%s",
		text.data);
	return 0;
}

static int read_env_files(struct request *request, struct err *err)
{
	for (size_t i = 0; i < request->env_files.len; i++) {
		const char *file = request->env_files.items[i];
		cleanup_buf struct buf text = { 0 };
		int r = fd_read_file(AT_FDCWD, file, 1 << 20, &text, err);
		if (r < 0)
			return err_prefix(err, "--env-file");
		if (text.len)
			r = request_add_env_file(request, file, text.data, text.len, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int find_image(const struct request *q, const char *name, const struct platform *platform, const struct idmap *map,
	int dir_fd, struct image *ret_image, struct err *err)
{
	struct reference reference;
	int r = reference_parse(name, &reference, err);
	if (r < 0)
		return r;
	if (q->pull && !str_eq(q->pull, "always") && !str_eq(q->pull, "missing") && !str_eq(q->pull, "never"))
		return err_set(err, -EINVAL, "--pull %s: there are always, missing and never", q->pull);
	cleanup_free char *full = reference_text(&reference);
	for (int tries = 0; tries < 2; tries++) {
		cleanup_store struct store store = STORE_CLOSED;
		bool fetch_now = tries == 0 && str_eq(q->pull, "always");
		r = fetch_now ? -ENOENT : store_open(&store, dir_fd, false, err);
		if (r == 0)
			r = store_find_image(&store, full, platform, ret_image, err);
		if (r != -ENOENT || tries == 1)
			return r;
		if (str_eq(q->pull, "never"))
			return err_set(err, -ENOENT, "%s is not in the store for %s, and --pull never was given", full,
				platform_text(platform).text);
		err_clear(err);
		struct fetch fetch = { name, *platform, q->creds, q->tls_verify, q->quiet };
		r = cli_fetch(&fetch, map, dir_fd, err);
		if (r < 0)
			return r;
	}
	return r;
}

static int plan_capabilities(const struct request *q, struct spec *spec, struct err *err)
{
	uint64_t bits;
	spec->capabilities = security_default_capabilities();
	for (size_t i = 0; i < q->cap_drop.len; i++) {
		if (!security_capability(q->cap_drop.items[i], &bits))
			return err_set(err, -EINVAL, "--cap-drop %s: no such capability", q->cap_drop.items[i]);
		spec->capabilities &= ~bits;
	}
	for (size_t i = 0; i < q->cap_add.len; i++) {
		if (!security_capability(q->cap_add.items[i], &bits))
			return err_set(err, -EINVAL, "--cap-add %s: no such capability", q->cap_add.items[i]);
		spec->capabilities |= bits;
	}
	return 0;
}

/* A private instance hides the host's handlers, so it gets every emulator there is, not only the image's. */
static void add_other_emulators(const struct arch *wanted, struct spec *spec)
{
	size_t count;
	const struct arch *table = arch_table(&count);
	for (size_t i = 0; i < count; i++) {
		struct err ignored;
		cleanup_free char *path = NULL;
		bool shared = str_eq(table[i].qemu, wanted->qemu) || (i > 0 && str_eq(table[i].qemu, table[i - 1].qemu));
		if (shared || str_eq(table[i].qemu, arch_host()->qemu) || binfmt_is_native(&table[i]))
			continue;
		cleanup_fd int fd = emulator_open(&table[i], NULL, &path, &ignored);
		if (fd >= 0)
			spec_add_emulator(spec, table[i].name, path);
	}
}

static int plan_emulation(const struct request *q, const struct image *image, struct spec *spec, struct err *err)
{
	struct binfmt_answer answer = { 0 };
	const struct arch *arch = arch_by_platform(image->platform.arch, image->platform.variant);
	if (!arch)
		return err_set(err, -ENOEXEC, "%s is for %s, an architecture that xrun does not know", image->reference,
			platform_text(&image->platform).text);
	int r = binfmt_ask(arch, q->emulator, &answer, err);
	if (r < 0)
		return r;
	if (answer.way == BINFMT_NONE) {
		*err = answer.why_not;
		return err->code;
	}
	spec->personality_32 = answer.way == BINFMT_NATIVE && arch->elf_class != arch_host()->elf_class;
	if (answer.way == BINFMT_PRIVATE) {
		spec_add_emulator(spec, arch->name, answer.emulator);
		add_other_emulators(arch, spec);
	}
	free(answer.emulator);
	return 0;
}

/* overlayfs refuses the same directory twice; the uppermost place is the one that counts. */
static void plan_layers(const struct image *image, struct spec *spec)
{
	for (size_t i = 0; i < image->layer_count; i++) {
		bool again = false;
		for (size_t above = i + 1; above < image->layer_count && !again; above++)
			again = str_eq(image->layers[i].name, image->layers[above].name);
		if (!again)
			strv_add(&spec->layers, image->layers[i].name);
	}
}

/* The name that was asked for, or twelve random hex digits. */
static int make_id(const struct request *q, struct spec *spec, struct err *err)
{
	unsigned char random[6];
	if (q->name) {
		int r = request_check_name(q->name, err);
		spec->id = str_dup(q->name);
		return r;
	}
	if (getrandom(random, sizeof random, 0) != sizeof random)
		return err_sys(err, "cannot get random bytes");
	spec->id = str_fmt("%02x%02x%02x%02x%02x%02x", random[0], random[1], random[2], random[3], random[4], random[5]);
	return 0;
}

static int resolve_sources(struct spec *spec, struct err *err)
{
	for (size_t i = 0; i < spec->mount_count; i++) {
		struct spec_mount *m = &spec->mounts[i];
		if (!m->source)
			continue;
		char *real = realpath(m->source, NULL);
		if (!real)
			return err_sys(err, "volume %s", m->source);
		free(m->source);
		m->source = real;
	}
	return 0;
}

static int plan(const struct request *q, const struct image *image, struct spec *spec, struct err *err)
{
	int r = make_id(q, spec, err);
	if (r == 0)
		r = request_plan(q, image, environ, spec, err);
	if (r == 0)
		r = plan_capabilities(q, spec, err);
	if (r == 0)
		r = resolve_sources(spec, err);
	plan_layers(image, spec);
	return r < 0 ? r : plan_emulation(q, image, spec, err);
}

static int execute(const struct spec *spec, const struct idmap *map, int dir_fd, struct err *err)
{
	struct container_result result = { 0 };
	if (map->single)
		fprintf(stderr, "xrun: note: the container has one user id only, so chown, su and package managers will fail: %s\n",
			map->why);
	int r = container_run(spec, map, dir_fd, &result, err);
	if (r < 0)
		return r;
	if (result.out_of_memory)
		err_set(err, 0, "the container ran out of memory: its limit is %llu MiB (--memory)",
			(unsigned long long)spec->limits.memory_bytes >> 20);
	return result.status;
}

static int run(const struct globals *globals, struct request *q, const char *name, struct err *err)
{
	struct platform platform;
	struct idmap map = { 0 };
	struct image image = { 0 };
	struct spec spec = { 0 };
	cleanup_store struct store store = STORE_CLOSED;
	int r = cli_platform(q->arch, q->platform, &platform, err);
	if (r == 0)
		r = read_env_files(q, err);
	if (r == 0)
		r = idmap_plan(&map, err);
	cleanup_fd int dir_fd = r < 0 ? r : cli_open_store_dir(globals, &map, err);
	r = dir_fd < 0 ? dir_fd : find_image(q, name, &platform, &map, dir_fd, &image, err);
	if (r >= 0)
		r = store_open(&store, dir_fd, false, err);
	if (r >= 0)
		r = plan(q, &image, &spec, err);
	if (r >= 0)
		r = q->dry_run ? config_print(&spec, err) : execute(&spec, &map, dir_fd, err);
	image_done(&image);
	spec_done(&spec);
	return r;
}

int command_run(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct request request = { .tls_verify = true };
	cleanup_strv struct strv operands = { 0 };
	int r = options_parse(options, &request, argc, argv, true, &operands, err);
	if (r == 0 && request.help)
		r = print_help();
	else if (r == 0 && operands.len == 0)
		r = err_set(err, -EINVAL, "which image? see xrun run --help");
	else if (r == 0) {
		strv_copy(&request.command, operands.items + 1);
		r = run(globals, &request, operands.items[0], err);
	}
	request_done(&request);
	return r;
}
