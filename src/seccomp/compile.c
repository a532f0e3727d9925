/* SPDX-License-Identifier: GPL-2.0-or-later */
/* compile.c owns turning a seccomp profile into a program. */
/*
 * Theory of operation. For each audit architecture, the rules that count become entries (call number, rule), sorted;
 * entries of the same number become one verdict; neighbouring numbers with the same verdict become one range. A binary
 * search over the ranges leads to a return, or to the comparisons of a call's arguments and then a return. Ranges with the same verdict
 * share a return: the kernel translates the program at each start, which takes time by its length.
 */
#include "src/seccomp/compile.h"

#include "src/base/str.h"
#include "src/seccomp/emit.h"
#include "src/seccomp/multiplex.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>

/* One call that a rule names; for socketcall and ipc, `operation` stands for the rule's own comparisons. */
struct entry {
	uint32_t number;
	const struct seccomp_rule *rule;
	bool wide, multiplexed;
	struct seccomp_compare operation;
};

/* Numbers from `start` on: entries with comparisons, then the verdict of the rest. */
struct range {
	uint32_t start, verdict;
	const struct entry *entries;
	size_t count;
};

struct group {
	uint32_t verdict;      /* the profile's */
	struct entry *entries;
	size_t entry_count;
	struct range *ranges;
	size_t range_count;
};

static bool listed(const char *const *names, const char *name)
{
	for (; names && *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

bool seccomp_rule_counts(const struct seccomp_rule *rule, const struct seccomp_machine *machine,
	const struct seccomp_setting *setting)
{
	const struct seccomp_condition *when = &rule->when;
	const char *architecture = machine->tables[0].docker_name;
	return (setting->capabilities & when->capabilities) == when->capabilities &&
	       !(setting->capabilities & when->not_capabilities) && setting->kernel >= when->min_kernel &&
	       (!when->not_kernel || setting->kernel < when->not_kernel) &&
	       (!when->architectures || listed(when->architectures, architecture)) &&
	       !listed(when->not_architectures, architecture);
}

static const struct seccomp_call *find_call(const struct seccomp_table *table, const char *name)
{
	size_t low = 0, high = table->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(name, table->calls[middle].name);
		if (order == 0)
			return &table->calls[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static struct entry *add_entry(struct group *group, uint32_t number, const struct seccomp_rule *rule, bool wide)
{
	if ((group->entry_count & (group->entry_count - 1)) == 0) /* a power of two: double */
		group->entries = mem_grow(group->entries, group->entry_count ? 2 * group->entry_count : 1, sizeof *group->entries);
	struct entry *entry = &group->entries[group->entry_count++];
	*entry = (struct entry){ .number = number, .rule = rule, .wide = wide };
	return entry;
}

static bool is_permissive(uint32_t verdict)
{
	return (verdict & SECCOMP_RET_ACTION_FULL) >= SECCOMP_RET_LOG;
}

/*
 * The multiplexer's arguments for the call are in memory, out of a filter's sight: a rule with comparisons counts whole
 * if it is stricter than the profile's own verdict, and not at all if it is not.
 */
static void add_multiplexed(struct group *group, const struct seccomp_table *table, const struct seccomp_rule *rule,
	const char *name)
{
	unsigned operation, mask;
	const char *through = multiplex_find(name, &operation, &mask);
	const struct seccomp_call *call = through ? find_call(table, through) : NULL;
	if (!call || (rule->compare_count && (is_permissive(rule->verdict) || !is_permissive(group->verdict))))
		return;
	struct entry *entry = add_entry(group, call->number, rule, false);
	entry->multiplexed = true;
	entry->operation = (struct seccomp_compare){ .operator = SECCOMP_MASKED_EQ, .value = mask, .value_two = operation };
}

static void add_table(struct group *group, const struct seccomp_profile *profile, const struct seccomp_machine *machine,
	const struct seccomp_setting *setting, const struct seccomp_table *table)
{
	bool multiplexed = find_call(table, "socketcall") || find_call(table, "ipc");
	for (size_t i = 0; i < profile->rule_count; i++) {
		const struct seccomp_rule *rule = &profile->rules[i];
		if (!seccomp_rule_counts(rule, machine, setting))
			continue;
		for (const char *const *name = rule->names; *name; name++) {
			const struct seccomp_call *call = find_call(table, *name);
			if (call)
				add_entry(group, call->number, rule, table->wide);
			if (multiplexed)
				add_multiplexed(group, table, rule, *name);
		}
	}
}

static bool is_conditional(const struct entry *entry)
{
	return entry->multiplexed || entry->rule->compare_count;
}

/* By number, those with comparisons first, in the profile's order. */
static int by_number(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	if (is_conditional(a) != is_conditional(b))
		return is_conditional(a) ? -1 : 1;
	return a->rule < b->rule ? -1 : a->rule > b->rule;
}

static void add_range(struct group *group, const struct range *range)
{
	struct range *last = group->range_count ? &group->ranges[group->range_count - 1] : NULL;
	if (last && last->start == range->start)
		group->range_count--; /* nothing was between the two */
	last = group->range_count ? &group->ranges[group->range_count - 1] : NULL;
	if (last && !last->count && !range->count && last->verdict == range->verdict)
		return;
	group->ranges = mem_grow(group->ranges, group->range_count + 1, sizeof *group->ranges);
	group->ranges[group->range_count++] = *range;
}

/* Comparisons whose outcome is the same either way are left out. */
static struct range make_range(const struct entry *entries, size_t count, uint32_t verdict)
{
	struct range range = { .start = entries->number, .verdict = verdict, .entries = entries };
	bool needed = false;
	while (range.count < count && is_conditional(&entries[range.count])) {
		needed = needed || entries[range.count].rule->verdict != verdict;
		range.count++;
	}
	if (range.count < count) {
		range.verdict = entries[range.count].rule->verdict;
		needed = false;
		for (size_t i = 0; i < range.count; i++)
			needed = needed || entries[i].rule->verdict != range.verdict;
	}
	if (!needed)
		range.count = 0;
	return range;
}

/* Beyond the youngest call that is named, up to `end`, none is known. */
static void add_ranges(struct group *group, size_t *at, uint32_t start, uint32_t end)
{
	struct range plain = { .start = start, .verdict = group->verdict };
	add_range(group, &plain);
	while (*at < group->entry_count && group->entries[*at].number < end) {
		const struct entry *first = &group->entries[*at];
		size_t count = 1;
		while (*at + count < group->entry_count && first[count].number == first->number)
			count++;
		struct range range = make_range(first, count, group->verdict);
		add_range(group, &range);
		plain.start = first->number + 1;
		add_range(group, &plain);
		*at += count;
	}
	if (is_permissive(group->verdict) || group->verdict == SECCOMP_RET_USER_NOTIF)
		return;
	struct range unknown = { .start = plain.start, .verdict = SECCOMP_RET_ERRNO | ENOSYS };
	add_range(group, &unknown);
}

/* Returns its place. */
static unsigned emit_range(struct emit *e, const struct range *range)
{
	if (range->count == 0)
		return emit_verdict(e, range->verdict);
	emit_return(e, range->verdict);
	for (size_t i = range->count; i-- > 0;) {
		const struct entry *entry = &range->entries[i];
		unsigned next = e->len;
		emit_return(e, entry->rule->verdict);
		if (entry->multiplexed)
			emit_compare(e, &entry->operation, entry->wide, next);
		for (size_t c = entry->multiplexed ? 0 : entry->rule->compare_count; c-- > 0;)
			emit_compare(e, &entry->rule->compares[c], entry->wide, next);
	}
	return e->len;
}

static unsigned emit_ranges(struct emit *e, const struct range *ranges, size_t count)
{
	if (count == 1)
		return emit_range(e, ranges);
	size_t middle = count / 2;
	unsigned right = emit_ranges(e, ranges + middle, count - middle);
	unsigned left = emit_ranges(e, ranges, middle);
	emit_jump(e, BPF_JGE, ranges[middle].start, right, left);
	return e->len;
}

static bool is_wanted(const struct seccomp_profile *profile, const struct seccomp_machine *machine, size_t i)
{
	return i == 0 || !profile->architectures || listed(profile->architectures, machine->tables[i].name);
}

enum { X32_BIT = 0x40000000 }; /* __X32_SYSCALL_BIT, <asm/unistd.h> */

/* All tables of the audit architecture of table `from`. */
static void emit_group(struct emit *e, const struct seccomp_profile *profile, const struct seccomp_machine *machine,
	const struct seccomp_setting *setting, size_t from)
{
	struct group group = { .verdict = profile->verdict };
	uint32_t audit = machine->tables[from].audit;
	unsigned otherwise = e->len;
	size_t at = 0;
	for (size_t i = from; i < machine->count; i++)
		if (machine->tables[i].audit == audit && is_wanted(profile, machine, i))
			add_table(&group, profile, machine, setting, &machine->tables[i]);
	if (group.entry_count)
		qsort(group.entries, group.entry_count, sizeof *group.entries, by_number);
	add_ranges(&group, &at, 0, X32_BIT);
	if (at < group.entry_count)
		add_ranges(&group, &at, X32_BIT, UINT32_MAX);
	if (emit_ranges(e, group.ranges, group.range_count) != e->len) /* a single one, whose verdict stands elsewhere */
		emit_return(e, group.ranges->verdict);
	emit_load(e, offsetof(struct seccomp_data, nr));
	emit_jump(e, BPF_JEQ, audit, e->len, otherwise);
	free(group.entries);
	free(group.ranges);
}

static bool is_first_of_audit(const struct seccomp_machine *machine, size_t i)
{
	for (size_t before = 0; before < i; before++)
		if (machine->tables[before].audit == machine->tables[i].audit)
			return false;
	return true;
}

int seccomp_compile(const struct seccomp_profile *profile, const struct seccomp_machine *machine,
	const struct seccomp_setting *setting, struct seccomp_program *ret_program, struct err *err)
{
	cleanup_free struct emit *e = mem_new(sizeof *e);
	emit_return(e, SECCOMP_RET_KILL_PROCESS);
	for (size_t i = machine->count; i-- > 0;)
		if (is_first_of_audit(machine, i) && is_wanted(profile, machine, i))
			emit_group(e, profile, machine, setting, i);
	emit_load(e, offsetof(struct seccomp_data, arch));
	if (e->full)
		return err_set(err, -E2BIG, "the seccomp profile is too large: it takes more than %d instructions", BPF_MAXINSNS);
	ret_program->len = e->len;
	ret_program->code = mem_grow(NULL, e->len, sizeof *ret_program->code);
	memcpy(ret_program->code, e->code + BPF_MAXINSNS - e->len, e->len * sizeof *ret_program->code);
	return 0;
}

static bool is_known(const struct seccomp_machine *machine, const char *name)
{
	for (size_t i = 0; i < machine->count; i++)
		if (find_call(&machine->tables[i], name))
			return true;
	return listed(machine->elsewhere, name);
}

const char *seccomp_find_unknown(const struct seccomp_profile *profile, const struct seccomp_machine *machine)
{
	for (size_t i = 0; i < profile->rule_count; i++)
		for (const char *const *name = profile->rules[i].names; *name; name++)
			if (!is_known(machine, *name))
				return *name;
	return NULL;
}
