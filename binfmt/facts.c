/* SPDX-License-Identifier: GPL-2.0-or-later */
/* facts.c owns asking an emulator what it is, and remembering the answer. */
#include "binfmt/emulator.h"

#include "binfmt/auxv.h"
#include "binfmt/cpu.h"
#include "binfmt/kinds.h"
#include "binfmt/patch.h"
#include "src/base/calls.h"
#include "src/base/fd.h"
#include "src/base/process.h"
#include "src/base/self.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { ANSWER_FORMAT = 3, NOBODY = 65534, PATIENCE_SECONDS = 10, OUTPUT_LIMIT = 65536 };

/* The child's part: an emulator is somebody's program, which runs with no more rights than it has in a container. */
static void become_emulator(char *const argv[], int input_fd, int output_fd)
{
	char padding[2 * AUXV_STACK] = "PADDING=";
	char *const env[] = { padding, NULL };
	memset(padding + strlen(padding), 'x', sizeof padding - strlen(padding) - 1);
	bool ready = input_fd >= 0 && dup2(input_fd, 0) == 0 && dup2(output_fd, 1) == 1 && dup2(output_fd, 2) == 2;
	ready = ready && calls_close_range(3, ~0u, 0) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
	if (ready && self_is_host_root())
		ready = setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0;
	alarm(PATIENCE_SECONDS);
	if (ready)
		execve(argv[0], argv, env);
	_exit(126);
}

/* Its exit status as process_wait gives it, and all that it says. */
static int listen(char *const argv[], int input_fd, struct buf *ret_output, struct err *err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	pid_t child = fork();
	if (child == 0)
		become_emulator(argv, input_fd, ends[1]);
	close(ends[1]);
	if (child < 0) {
		close(ends[0]);
		return err_sys(err, "cannot start a process");
	}
	return process_finish(child, ends[0], ret_output, err);
}

static int ask_version(const struct arch *arch, const char *path, struct emulator_facts *facts, struct err *err)
{
	cleanup_buf struct buf said = { 0 };
	cleanup_fd int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int status = listen((char *[]){ (char *)path, "--version", NULL }, null_fd, &said, err);
	if (status < 0)
		return status;
	if (status == 126 && said.len == 0)
		return err_set(err, -ENOEXEC, "the emulator %s cannot be executed on this machine (by everybody: it runs in containers)", path);
	buf_str(&said, "");
	if (!kinds_read(said.data, facts->name, sizeof facts->name, facts->version, sizeof facts->version))
		*facts->name = *facts->version = 0;
	if (*facts->name && !kinds_runs(facts->name, arch))
		return err_set(err, -ENOEXEC, "the emulator %s is %s, which runs no %s programs", path, facts->name, arch->name);
	return 0;
}

/* qemu makes its CPU before it looks at the program: what it says of /dev/null is the same unless the model is at fault. */
int emulator_check_model(const char *path, const char *model, struct err *err)
{
	cleanup_buf struct buf plain = { 0 }, said = { 0 };
	cleanup_fd int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int r = listen((char *[]){ (char *)path, "/dev/null", NULL }, null_fd, &plain, err);
	if (r >= 0)
		r = listen((char *[]){ (char *)path, "-cpu", (char *)model, "/dev/null", NULL }, null_fd, &said, err);
	if (r < 0)
		return r;
	buf_str(&plain, "");
	buf_str(&said, "");
	if (str_eq(plain.data, said.data))
		return 0;
	const char *colon = strstr(said.data, ": ");
	const char *reason = colon ? colon + 2 : said.data;
	return err_set(err, -EINVAL, "%.*s", (int)strcspn(reason, "\n"), reason);
}

static void look_at_file(const char *path, struct emulator_facts *facts)
{
	struct err ignored;
	struct stat st;
	char head[PATCH_HEAD_SIZE];
	struct patch patch = { 0 };
	struct strv none = { 0 };
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 || fstat(fd, &st) < 0 ? -1 : read(fd, head, sizeof head);
	if (n < (ssize_t)sizeof(Elf64_Ehdr))
		return;
	facts->fixed_address = head[EI_DATA] == ELFDATA2LSB ? head[16] == ET_EXEC : head[17] == ET_EXEC; /* e_type */
	facts->takes_options = patch_plan(head, n, st.st_size, &none, &patch, &ignored) == 0;
	patch_done(&patch);
}

/*
 * qemu that is not position-independent has its heap right behind itself, where the kernel may move it to where the guest's
 * memory goes: how far depends on the kernel's version (qemu issue 1763, Debian bug 1087822).
 */
const char *emulator_randomization_trouble(const struct emulator_facts *facts)
{
	if (str_starts(facts->name, "qemu-") && facts->fixed_address)
		return "it is not position-independent, so that its heap may meet the guest's memory";
	return NULL;
}

static int ask(const struct arch *arch, const char *path, struct emulator_facts *facts, struct err *err)
{
	struct err ignored;
	int r = ask_version(arch, path, facts, err);
	if (r < 0)
		return r;
	look_at_file(path, facts);
	facts->takes_options = facts->takes_options && str_starts(facts->name, "qemu-");
	for (const char *const *model = cpu_models(arch); facts->takes_options && *model && !*facts->model; model++)
		if (strlen(*model) < sizeof facts->model && emulator_check_model(path, *model, &ignored) == 0)
			strcpy(facts->model, *model);
	return 0;
}

/* As a line of words; "-" stands for an empty one. */
static bool recall(int cache_fd, const char *key, struct emulator_facts *ret_facts)
{
	char text[256] = "", options[8], address[8];
	ssize_t n = readlinkat(cache_fd, key, text, sizeof text - 1);
	struct emulator_facts facts = { 0 };
	if (n <= 0 || sscanf(text, "%31s %31s %63s %7s %7s", facts.name, facts.version, facts.model, options, address) != 5)
		return false;
	char *const words[] = { facts.name, facts.version, facts.model };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (str_eq(words[i], "-"))
			*words[i] = 0;
	facts.takes_options = str_eq(options, "options");
	facts.fixed_address = str_eq(address, "fixed");
	*ret_facts = facts;
	return true;
}

static void remember(int cache_fd, const char *key, const struct emulator_facts *facts)
{
	cleanup_free char *text = str_fmt("%s %s %s %s %s", *facts->name ? facts->name : "-", *facts->version ? facts->version : "-",
		*facts->model ? facts->model : "-", facts->takes_options ? "options" : "plain", facts->fixed_address ? "fixed" : "any");
	(void)!symlinkat(text, cache_fd, key); /* it may be there by now, or the disk full: then it is asked again */
}

/* What would be asked is part of the key: another xrun may prefer other models. */
static uint64_t hash_question(const struct arch *arch)
{
	cleanup_strv struct strv words = { 0 };
	strv_take(&words, str_fmt("%d", ANSWER_FORMAT));
	for (const char *const *model = cpu_models(arch); *model; model++)
		strv_add(&words, *model);
	return emulator_hash(&words);
}

int emulator_ask(int cache_fd, const struct arch *arch, const char *path, struct emulator_facts *ret_facts, struct err *err)
{
	struct emulator_facts facts = { 0 };
	cleanup_free char *identity = NULL;
	int r = emulator_identity(path, &identity, err);
	if (r < 0)
		return r;
	cleanup_free char *key = str_fmt("%s.%s.%llx", identity, arch->name, (unsigned long long)hash_question(arch));
	if (cache_fd >= 0 && recall(cache_fd, key, ret_facts))
		return 0;
	r = ask(arch, path, &facts, err);
	if (r < 0)
		return r;
	if (cache_fd >= 0)
		remember(cache_fd, key, &facts);
	*ret_facts = facts;
	return 0;
}

/* The program comes by standard input: nothing else is open, and there is no path to it that nobody can take. */
static void ask_capabilities(const struct arch *arch, const char *path, const struct strv *options,
	struct cpu_capabilities *ret_capabilities)
{
	struct err ignored;
	uint8_t program[AUXV_PROGRAM_ROOM];
	cleanup_buf struct buf stack = { 0 };
	cleanup_strv struct strv words = { 0 };
	size_t size = auxv_program(arch, program);
	cleanup_fd int fd = memfd_create("xrun-auxv", MFD_CLOEXEC);
	if (size == 0 || fd < 0 || fd_write_all(fd, program, size) < 0)
		return;
	strv_add(&words, path);
	strv_extend(&words, options);
	strv_add(&words, "/proc/self/fd/0");
	if (listen(words.items, fd, &stack, &ignored) == 0)
		auxv_read(arch, stack.data, stack.len, ret_capabilities);
}

void emulator_ask_capabilities(int cache_fd, const struct arch *arch, const char *path, const struct strv *options,
	struct cpu_capabilities *ret_capabilities)
{
	struct err ignored;
	char text[64] = "";
	unsigned long long hwcap, hwcap2;
	cleanup_free char *identity = NULL;
	*ret_capabilities = (struct cpu_capabilities){ 0 };
	if (emulator_identity(path, &identity, &ignored) < 0)
		return;
	cleanup_free char *key = str_fmt("%s.%s.cpu.%llx", identity, arch->name, (unsigned long long)emulator_hash(options));
	if (readlinkat(cache_fd, key, text, sizeof text - 1) > 0 && sscanf(text, "%llx,%llx", &hwcap, &hwcap2) == 2) {
		*ret_capabilities = (struct cpu_capabilities){ hwcap, hwcap2 };
		return;
	}
	ask_capabilities(arch, path, options, ret_capabilities);
	cleanup_free char *answer = str_fmt("%llx,%llx", (unsigned long long)ret_capabilities->hwcap,
		(unsigned long long)ret_capabilities->hwcap2);
	(void)!symlinkat(answer, cache_fd, key);
}
