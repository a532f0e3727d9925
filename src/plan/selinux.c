/* SPDX-License-Identifier: GPL-2.0-or-later */
/* selinux.c owns the SELinux labels of a container: --security-opt label=. Pure. */
/*
 * A label is USER:ROLE:TYPE, with :LEVEL behind it where the policy has levels. What is not asked for comes from the policy's own
 * file for containers, contexts/lxc_contexts (selinux_lxc_contexts_path(3)), or else is what the policies of distributions have.
 */
#include "src/plan/parts.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum part { PART_USER, PART_ROLE, PART_TYPE, PART_LEVEL, PART_FILETYPE, PARTS };

struct label {
	char *text;
	const char *of[PART_FILETYPE]; /* in text; level may be NULL */
};

/* What may stand in a label: also in an option of a file system and in a message. */
static bool is_word(const char *text)
{
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr("_.-:,", *text))
			return false;
	return true;
}

static int take_part(const char *option, const char *text, const char *parts[PARTS], struct err *err)
{
	static const char *const names[PARTS] = { "user:", "role:", "type:", "level:", "filetype:" };
	for (size_t i = 0; i < PARTS; i++) {
		const char *value = text + strlen(names[i]);
		if (!str_starts(text, names[i]) || !*value || !is_word(value))
			continue;
		parts[i] = value;
		return 0;
	}
	return err_set(err, -EINVAL, "--security-opt %s: there are label=disable, and label= with user:, role:, type:, level: or filetype: and a word",
		option);
}

/* How many there are; `disable` takes back what stands before it. */
static int take_parts(const struct strv *options, const char *parts[PARTS], struct err *err)
{
	int count = 0;
	for (size_t i = 0; i < options->len; i++) {
		const char *option = options->items[i], *text = option + strlen("label=");
		if (!str_starts(option, "label=") && !str_starts(option, "label:"))
			continue;
		bool disabled = str_eq(text, "disable");
		if (!disabled && take_part(option, text, parts, err) < 0)
			return err->code;
		if (disabled)
			memset(parts, 0, PARTS * sizeof *parts);
		count = disabled ? 0 : count + 1;
	}
	return count;
}

/* KEY = "LABEL", in a line of its own. */
static char *find_label(const char *file, const char *key, const char *otherwise)
{
	for (const char *line = file; line && *line; line += strcspn(line, "\n"), line += *line == '\n') {
		if (!str_starts(line, key))
			continue;
		const char *value = line + strlen(key) + strspn(line + strlen(key), " \t=\"");
		char *label = str_ndup(value, strcspn(value, " \t\"\n"));
		if (*label && is_word(label))
			return label;
		free(label);
	}
	return str_dup(otherwise);
}

static struct label split(char *text)
{
	struct label label = { .text = text };
	char *rest = text;
	for (int i = 0; i < PART_LEVEL; i++) {
		char *word = rest ? strsep(&rest, ":") : NULL;
		label.of[i] = word ? word : "";
	}
	label.of[PART_LEVEL] = rest;
	return label;
}

/* Unless one is asked for, with two of the 1024 categories, by the container's id: two containers are kept apart by those. */
static char *choose_level(const char *base, const char *wanted, const char *id)
{
	unsigned a = 0, b = 0;
	if (wanted || !base)
		return str_dup(wanted);
	if (!id || sscanf(id, "%3x%3x", &a, &b) != 2)
		return str_dup(base);
	a &= 1023;
	b &= 1023;
	b = a == b ? b ^ 1 : b;
	return str_fmt("%s:c%u,c%u", base, a < b ? a : b, a < b ? b : a);
}

static char *join(const struct label *base, const char *const parts[PARTS], bool is_file, const char *level)
{
	const char *user = parts[PART_USER], *role = is_file ? NULL : parts[PART_ROLE], *type = parts[is_file ? PART_FILETYPE : PART_TYPE];
	return str_fmt("%s:%s:%s%s%s", user ? user : base->of[PART_USER], role ? role : base->of[PART_ROLE], type ? type : base->of[PART_TYPE],
		level ? ":" : "", level ? level : "");
}

int plan_selinux(const struct request *q, struct spec *spec, struct err *err)
{
	const char *parts[PARTS] = { 0 };
	int count = take_parts(&q->security, parts, err);
	if (count <= 0)
		return count;
	struct label process = split(find_label(q->label_file, "process", "system_u:system_r:container_t:s0"));
	struct label file = split(find_label(q->label_file, "file", "system_u:object_r:container_file_t:s0"));
	cleanup_free char *level = choose_level(process.of[PART_LEVEL], parts[PART_LEVEL], spec->id);
	spec->isolation.label = join(&process, parts, false, level);
	spec->isolation.file_label = join(&file, parts, true, level);
	free(process.text);
	free(file.text);
	return 0;
}
