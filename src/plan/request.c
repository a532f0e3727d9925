/* SPDX-License-Identifier: GPL-2.0-or-later */
/* request.c owns turning what the user asked for into a spec. */
#include "src/plan/parts.h"

#include "src/plan/config.h"
#include "src/plan/seccomp.h"

#include <errno.h>
#include <string.h>

void request_done(struct request *request)
{
	struct strv *lists[] = { &request->env, &request->env_files, &request->volumes, &request->tmpfs, &request->cap_add,
		&request->cap_drop, &request->security, &request->groups, &request->publish, &request->add_host, &request->dns,
		&request->dns_search, &request->dns_options, &request->labels, &request->log_options, &request->command,
		&request->env_lines, &request->reports, &request->sysctls, &request->ulimits,
		&request->limits.device_read_bps, &request->limits.device_write_bps, &request->limits.device_read_iops,
		&request->limits.device_write_iops, &request->limits.hugetlb, &request->limits.device_rules, &request->mounts, &request->devices };
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		strv_done(lists[i]);
	free(request->seccomp_text);
	seccomp_known_done(request->seccomp_known);
	strv_done(&request->program.binds);
	free(request->program.cwd);
	request->program.cwd = NULL;
	free(request->host_name);
	free(request->label_file);
	free(request->caller_name);
	free(request->caller_group);
	free(request->rootfs);
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

int request_check_name(const char *name, struct err *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	size_t len = strlen(name);
	if (len == 0 || len > 64 || strspn(name, letters) != len || strchr("_.-", *name))
		return err_set(err, -EINVAL, "--name %s: a name has up to 64 letters, digits, '_', '.' and '-', the first a letter or digit",
			name);
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

static void take_env(struct strv *env, const struct strv *assignments, char *const *caller_env)
{
	for (size_t i = 0; i < assignments->len; i++) {
		const char *text = assignments->items[i];
		const char *inherited = strchr(text, '=') ? text : find_env(caller_env, text);
		if (inherited)
			strv_env_set(env, inherited);
	}
}

void request_take_env(const struct request *q, char *const *caller_env, struct strv *env)
{
	take_env(env, &q->env_lines, caller_env);
	take_env(env, &q->env, caller_env);
}

/* --env-host, as podman-run(1) has it: below what the image says. What would steer the emulator is not the program's. */
static void take_host_env(char *const *caller_env, struct spec *spec)
{
	for (; caller_env && *caller_env; caller_env++)
		if (strchr(*caller_env, '=') && !str_starts(*caller_env, "QEMU_"))
			strv_env_set(&spec->env, *caller_env);
}

static void plan_env(const struct request *q, const struct image *image, char *const *caller_env, struct spec *spec)
{
	cleanup_free char *hostname = str_fmt("HOSTNAME=%s", spec->hostname);
	strv_env_set(&spec->env, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	strv_env_set(&spec->env, hostname);
	if (spec->systemd) /* https://systemd.io/CONTAINER_INTERFACE */
		strv_env_set(&spec->env, "container=xrun");
	if (q->terminal)
		strv_env_set(&spec->env, "TERM=xterm");
	if (q->env_host)
		take_host_env(caller_env, spec);
	take_image_env(image, spec);
	if (q->program.path)
		plan_program_env(caller_env, spec);
	request_take_env(q, caller_env, &spec->env);
}

/* hostname(7), with the underscores that docker's users have: one word of a line in /etc/hosts. */
static bool is_hostname(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
	return *name && *name != '-' && *name != '.' && !name[strspn(name, letters)];
}

static int plan_hostname(const struct request *q, struct spec *spec, struct err *err)
{
	cleanup_free char *short_id = str_ndup(spec->id, 12);
	const char *name = q->hostname ? q->hostname : spec->namespaces.of[NAMESPACE_UTS].origin == NAMESPACE_HOST && q->host_name ? q->host_name : short_id;
	if (!*name || strlen(name) > 64) /* sethostname(2): HOST_NAME_MAX */
		return err_set(err, -EINVAL, "--hostname %s: a hostname has 1 to 64 characters", name);
	if (q->hostname && !is_hostname(name))
		return err_set(err, -EINVAL, "--hostname %s: write letters, digits, and within it - . and _", name);
	spec->hostname = str_dup(name);
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

static int check_kept(const struct spec *spec, struct err *err)
{
	const char *text = spec->life.keep ? config_find_unsayable(spec) : NULL;
	return text ? err_set(err, -EINVAL, "\"%s\" is not UTF-8: a container that is kept could not be started with it again; with --rm none is kept", text) : 0;
}

int request_plan(const struct request *q, const struct image *image, char *const *caller_env, struct spec *spec,
	struct err *err)
{
	const char *cwd = q->workdir ? q->workdir : q->program.cwd ? q->program.cwd : image->working_dir;
	spec->image = str_dup(image->reference);
	spec->cwd = *cwd == '/' ? str_dup(cwd) : str_fmt("/%s", cwd);
	spec->user = str_dup(q->user ? q->user : image->user);
	spec->interactive = q->interactive;
	spec->terminal = q->terminal;
	spec->init = q->init;
	spec->read_only = q->read_only;
	spec->rootfs = str_dup(q->rootfs);
	plan_layers(image, spec);
	int r = plan_args(q, image, spec, err);
	if (r == 0)
		r = plan_ids(q, spec, err);
	if (r == 0)
		r = plan_groups(q, spec, err);
	if (r == 0)
		r = plan_namespaces(q, spec, err);
	if (r == 0)
		r = plan_systemd(q, spec, err);
	if (r == 0)
		r = plan_hostname(q, spec, err);
	if (r == 0)
		r = plan_life(q, image, spec, err);
	if (r == 0)
		r = plan_limits(q, spec, err);
	if (r == 0)
		plan_program(q, spec);
	if (r == 0)
		r = plan_mounts(q, image, spec, err);
	if (r == 0)
		r = plan_security(q, spec, err);
	if (r == 0)
		r = plan_network(q, &image->exposed, spec, err);
	if (r == 0)
		plan_env(q, image, caller_env, spec);
	return r < 0 ? r : check_kept(spec, err);
}
