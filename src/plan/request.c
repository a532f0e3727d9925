/* SPDX-License-Identifier: GPL-2.0-or-later */
/* request.c owns turning what the user asked for into a spec. */
#include "src/plan/request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

void request_done(struct request *request)
{
	struct strv *lists[] = { &request->env, &request->env_files, &request->volumes, &request->tmpfs, &request->cap_add,
		&request->cap_drop, &request->security, &request->command, &request->env_lines };
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		strv_done(lists[i]);
}

static int add_env_line(struct request *request, const char *file, char *line, struct err *err)
{
	size_t len = strlen(line);
	if (len && line[len - 1] == '\r')
		line[len - 1] = 0;
	line += strspn(line, " \t");
	size_t name = strcspn(line, "=");
	if (!*line || *line == '#')
		return 0;
	if (name == 0 || strcspn(line, " \t") < name)
		return err_set(err, -EINVAL, "--env-file %s: not a variable's name: \"%.*s\"; write lines like NAME=VALUE", file,
			name < 100 ? (int)name : 100, line);
	strv_add(&request->env_lines, line);
	return 0;
}

int request_add_env_file(struct request *request, const char *file, char *text, size_t len, struct err *err)
{
	if (strlen(text) != len)
		return err_set(err, -EINVAL, "--env-file %s: not a text file: it has a NUL byte", file);
	for (char *line; (line = strsep(&text, "\n"));) {
		int r = add_env_line(request, file, line, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Digits, a point, digits: value * 1000, rounded down. */
static bool parse_milli(const char *text, size_t len, uint64_t *ret_milli)
{
	uint64_t value = 0;
	int places = -1;
	if (len == 0 || len > 15)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '.' && places < 0 && i > 0 && i + 1 < len) {
			places = 0;
		} else if (text[i] < '0' || text[i] > '9') {
			return false;
		} else if (places < 3) {
			value = value * 10 + (text[i] - '0');
			places += places >= 0;
		}
	}
	for (places = places < 0 ? 0 : places; places < 3; places++)
		value *= 10;
	*ret_milli = value;
	return true;
}

int request_parse_size(const char *option, const char *text, uint64_t *ret_bytes, struct err *err)
{
	static const char units[] = "kmgt";
	size_t len = strspn(text, "0123456789.");
	const char *unit = text + len;
	uint64_t milli, shift = 0;
	const char *known = *unit ? strchr(units, *unit | 0x20) : NULL;
	if (known)
		shift = 10 * (known - units + 1);
	bool ends = known ? unit[1] == 0 || strcasecmp(unit + 1, "b") == 0 || strcasecmp(unit + 1, "ib") == 0 :
			    *unit == 0 || strcasecmp(unit, "b") == 0;
	if (!ends || !parse_milli(text, len, &milli) || milli > (UINT64_MAX >> shift) || milli << shift < 1000)
		return err_set(err, -EINVAL, "%s %s: not a size; write it like 512m or 2g", option, text);
	*ret_bytes = (milli << shift) / 1000;
	return 0;
}

int request_parse_cpus(const char *text, uint64_t *ret_milli, struct err *err)
{
	if (!parse_milli(text, strlen(text), ret_milli) || *ret_milli < 10 || *ret_milli > 1000000)
		return err_set(err, -EINVAL, "--cpus %s: not a number of processors; write it like 0.5 or 2", text);
	return 0;
}

int request_check_name(const char *name, struct err *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	size_t len = strlen(name);
	if (len == 0 || len > 64 || strspn(name, letters) != len || strchr("_.-", *name))
		return err_set(err, -EINVAL, "--name %s: a name has up to 64 letters, digits, '_', '.' and '-', the first a letter or digit",
			name);
	return 0;
}

static int plan_limits(const struct request *q, struct spec *spec, struct err *err)
{
	unsigned long long pids;
	int r = 0;
	if (q->memory)
		r = request_parse_size("--memory", q->memory, &spec->limits.memory_bytes, err);
	if (r == 0 && q->cpus)
		r = request_parse_cpus(q->cpus, &spec->limits.cpu_milli, err);
	if (r < 0 || !q->pids_limit || str_eq(q->pids_limit, "-1"))
		return r;
	if (!str_to_u64(q->pids_limit, 4194304, &pids))
		return err_set(err, -EINVAL, "--pids-limit %s: not a number of processes", q->pids_limit);
	spec->limits.pids = pids;
	return 0;
}

/* docker-run(1): arguments replace the image's Cmd; --entrypoint replaces both Entrypoint and Cmd. */
static int plan_args(const struct request *q, const struct image *image, struct spec *spec, struct err *err)
{
	if (q->entrypoint && *q->entrypoint)
		strv_add(&spec->args, q->entrypoint);
	else if (!q->entrypoint)
		strv_extend(&spec->args, &image->entrypoint);
	strv_extend(&spec->args, q->command.len || q->entrypoint ? &q->command : &image->cmd);
	if (spec->args.len == 0 || !*spec->args.items[0])
		return err_set(err, -EINVAL, "%s names no program to run; give one after the image's name", image->reference);
	return 0;
}

/* An image must not steer the emulator: qemu-user reads QEMU_* from the environment. The user may. */
static void take_image_env(const struct image *image, struct spec *spec)
{
	for (size_t i = 0; i < image->env.len; i++)
		if (strchr(image->env.items[i], '=') && !str_starts(image->env.items[i], "QEMU_"))
			strv_env_set(&spec->env, image->env.items[i]);
}

static const char *find_env(char *const *env, const char *name)
{
	size_t n = strlen(name);
	for (; env && *env; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return *env;
	return NULL;
}

static void take_env(struct spec *spec, const struct strv *assignments, char *const *caller_env)
{
	for (size_t i = 0; i < assignments->len; i++) {
		const char *text = assignments->items[i];
		const char *inherited = strchr(text, '=') ? text : find_env(caller_env, text);
		if (inherited)
			strv_env_set(&spec->env, inherited);
	}
}

static void plan_env(const struct request *q, const struct image *image, char *const *caller_env, struct spec *spec)
{
	cleanup_free char *hostname = str_fmt("HOSTNAME=%s", spec->hostname);
	strv_env_set(&spec->env, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	strv_env_set(&spec->env, hostname);
	if (q->terminal)
		strv_env_set(&spec->env, "TERM=xterm");
	take_image_env(image, spec);
	take_env(spec, &q->env_lines, caller_env);
	take_env(spec, &q->env, caller_env);
}

static bool is_root(const char *target)
{
	return target[strspn(target, "/")] == 0;
}

static int plan_volume(const char *text, struct spec *spec, struct err *err)
{
	cleanup_free char *copy = str_dup(text);
	char *target = strchr(copy, ':');
	char *mode = target ? strchr(target + 1, ':') : NULL;
	if (target)
		*target++ = 0;
	if (mode)
		*mode++ = 0;
	if (!target || *target != '/' || !*copy)
		return err_set(err, -EINVAL, "-v %s: write it as HOST-PATH:CONTAINER-PATH[:ro]", text);
	if (is_root(target))
		return err_set(err, -EINVAL, "-v %s: the container's / is the image; give a directory below it", text);
	if (!strchr(copy, '/') && !str_eq(copy, ".") && !str_eq(copy, ".."))
		return err_set(err, -EINVAL, "-v %s: named volumes do not exist here; give a path, ./%s for example", text, copy);
	if (mode && !str_eq(mode, "ro") && !str_eq(mode, "rw"))
		return err_set(err, -EINVAL, "-v %s: unknown option %s; there are ro and rw", text, mode);
	spec_add_mount(spec, copy, target, str_eq(mode, "ro"));
	return 0;
}

static int plan_mounts(const struct request *q, struct spec *spec, struct err *err)
{
	for (size_t i = 0; i < q->volumes.len; i++) {
		int r = plan_volume(q->volumes.items[i], spec, err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < q->tmpfs.len; i++) {
		if (q->tmpfs.items[i][0] != '/' || strchr(q->tmpfs.items[i], ':') || is_root(q->tmpfs.items[i]))
			return err_set(err, -EINVAL, "--tmpfs %s: write it as an absolute path below / in the container", q->tmpfs.items[i]);
		spec_add_mount(spec, NULL, q->tmpfs.items[i], false);
	}
	return 0;
}

static int plan_security(const struct request *q, struct spec *spec, struct err *err)
{
	spec->seccomp = true;
	for (size_t i = 0; i < q->security.len; i++) {
		const char *text = q->security.items[i];
		if (str_eq(text, "no-new-privileges") || str_eq(text, "no-new-privileges=true"))
			spec->no_new_privileges = true;
		else if (str_eq(text, "seccomp=unconfined"))
			spec->seccomp = false;
		else
			return err_set(err, -EINVAL, "--security-opt %s: there are no-new-privileges and seccomp=unconfined", text);
	}
	return 0;
}

static int plan_network(const struct request *q, struct spec *spec, struct err *err)
{
	if (!q->network || str_eq(q->network, "none"))
		spec->network = NETWORK_NONE;
	else if (str_eq(q->network, "host"))
		spec->network = NETWORK_HOST;
	else
		return err_set(err, -EINVAL, "--network %s: there are none and host", q->network);
	return 0;
}

static int plan_hostname(const struct request *q, struct spec *spec, struct err *err)
{
	const char *name = q->hostname ? q->hostname : spec->id;
	if (!*name || strlen(name) > 64) /* sethostname(2): HOST_NAME_MAX */
		return err_set(err, -EINVAL, "--hostname %s: a hostname has 1 to 64 characters", name);
	spec->hostname = str_dup(name);
	return 0;
}

int request_plan(const struct request *q, const struct image *image, char *const *caller_env, struct spec *spec,
	struct err *err)
{
	const char *cwd = q->workdir ? q->workdir : image->working_dir;
	spec->image = str_dup(image->reference);
	spec->cwd = *cwd == '/' ? str_dup(cwd) : str_fmt("/%s", cwd);
	spec->user = str_dup(q->user ? q->user : image->user);
	spec->interactive = q->interactive;
	spec->terminal = q->terminal;
	spec->init = q->init;
	spec->read_only = q->read_only;
	int r = plan_args(q, image, spec, err);
	if (r == 0)
		r = plan_hostname(q, spec, err);
	if (r == 0)
		r = plan_limits(q, spec, err);
	if (r == 0)
		r = plan_mounts(q, spec, err);
	if (r == 0)
		r = plan_security(q, spec, err);
	if (r == 0)
		r = plan_network(q, spec, err);
	if (r == 0)
		plan_env(q, image, caller_env, spec);
	return r;
}
