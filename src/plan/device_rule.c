/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device_rule.c owns the rules of devices as they are written: "c 10:200 rwm". Pure. */
#include "src/plan/device_rule.h"

#include "src/base/str.h"

#include <string.h>

enum { MAX_MAJOR = (1 << 12) - 1, MAX_MINOR = (1 << 20) - 1 }; /* include/linux/kdev_t.h */

static bool parse_number(const char *text, size_t len, int max, int *ret_number)
{
	unsigned long long number;
	cleanup_free char *copy = str_ndup(text, len);
	if (str_eq(copy, "*")) {
		*ret_number = -1;
		return true;
	}
	if (!str_to_u64(copy, max, &number))
		return false;
	*ret_number = (int)number;
	return true;
}

static const char letters[] = "mrw"; /* in the order of their bits */

bool device_access_parse(const char *text, unsigned *ret_access)
{
	unsigned access = 0;
	for (const char *at = text; *at; at++) {
		const char *letter = strchr(letters, *at);
		if (!letter)
			return false;
		access |= 1u << (letter - letters);
	}
	*ret_access = access;
	return access && strlen(text) <= strlen(letters);
}

static char *number_text(int number)
{
	return number < 0 ? str_dup("*") : str_fmt("%d", number);
}

char *device_rule_text(const struct device_rule *rule)
{
	char access[sizeof letters] = "";
	cleanup_free char *major = number_text(rule->major), *minor = number_text(rule->minor);
	for (size_t i = 0, n = 0; letters[i]; i++)
		if (rule->access & 1u << i)
			access[n++] = letters[i];
	return str_fmt("%c %s:%s %s", rule->type, major, minor, access);
}

bool device_rule_parse(const char *text, struct device_rule *ret_rule)
{
	struct device_rule rule = { .allow = true, .type = *text };
	const char *numbers = text + 2, *colon = strlen(text) > 2 ? strchr(numbers, ':') : NULL;
	const char *blank = colon ? strchr(colon, ' ') : NULL;
	if (!blank || !strchr("abc", *text) || text[1] != ' ' || !parse_number(numbers, colon - numbers, MAX_MAJOR, &rule.major) ||
		!parse_number(colon + 1, blank - colon - 1, MAX_MINOR, &rule.minor) || !device_access_parse(blank + 1, &rule.access))
		return false;
	if (rule.type == 'a' && !device_rule_is_for_all(&rule))
		return false;
	*ret_rule = rule;
	return true;
}
