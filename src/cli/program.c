/* SPDX-License-Identifier: GPL-2.0-or-later */
/* program.c owns `xrun ./program`: what the file is, and what it needs to run. */
#include "src/cli/run.h"

#include "binfmt/arch.h"
#include "binfmt/elf.h"
#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* As much of a file as holds its program headers and its loader's name. */
enum { HEAD_SIZE = 65536 };

struct file {
	char head[HEAD_SIZE + 1];
	size_t len;
	char interpreter[256]; /* of an ELF program, or of a script; "" for none */
	bool dynamic, script;
	const struct arch *arch;
};

/* An image's name begins with neither. Elsewhere a file counts if it is a program: an image may be called like a directory. */
bool program_is_meant(const char *name)
{
	char magic[4];
	struct stat st;
	if (*name == '/' || str_starts(name, "./") || str_starts(name, "../"))
		return true;
	if (!strchr(name, '/'))
		return false;
	cleanup_fd int fd = open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && read(fd, magic, 4) == 4 && memcmp(magic, "\177ELF", 4) == 0;
}

static int refuse(struct err *err, int code, const char *name, const char *why)
{
	err_set(err, code, "%s: %s", name, why);
	err->status = code == -ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
	return code;
}

static int read_head(const char *name, struct file *file, struct err *err)
{
	struct stat st;
	cleanup_fd int fd = open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return refuse(err, -ENOENT, name, "no such file; an image's name does not begin with / or a dot");
	if (fd < 0 || fstat(fd, &st) < 0) {
		err_sys(err, "%s", name);
		err->status = STATUS_NOT_EXECUTABLE;
		return err->code;
	}
	if (!S_ISREG(st.st_mode) || faccessat(AT_FDCWD, name, X_OK, AT_EACCESS) < 0)
		return refuse(err, -EACCES, name, S_ISREG(st.st_mode) ? "not executable; chmod +x makes it so" : "not a regular file");
	while (file->len < HEAD_SIZE) {
		ssize_t n = read(fd, file->head + file->len, HEAD_SIZE - file->len);
		if (n < 0)
			return err_sys(err, "%s", name);
		if (n == 0)
			break;
		file->len += n;
	}
	return 0;
}

/* arm's variants have one ELF header; the float ABI is in e_flags (Arm IHI 0044, EF_ARM_ABI_FLOAT_SOFT). */
static const struct arch *find_arch(const struct file *file)
{
	enum { EF_ARM_FLOAT_SOFT = 0x200 };
	const struct arch *arch = arch_by_elf(file->head, file->len);
	if (arch && str_eq(arch->qemu, "arm") && (elf_flags(file->head, file->len) & EF_ARM_FLOAT_SOFT))
		return arch_by_name("armel");
	return arch;
}

/* execve(2): "#! interpreter [argument]". */
static void read_script(struct file *file)
{
	const char *at = file->head + 2 + strspn(file->head + 2, " \t");
	file->script = true;
	snprintf(file->interpreter, sizeof file->interpreter, "%.*s", (int)strcspn(at, " \t\r\n"), at);
}

static int look_at(const char *name, struct file *file, struct err *err)
{
	int r = read_head(name, file, err);
	if (r < 0)
		return r;
	if (file->len > 2 && memcmp(file->head, "#!", 2) == 0) {
		read_script(file);
		return 0;
	}
	int dynamic = elf_interpreter(file->head, file->len, file->interpreter, sizeof file->interpreter);
	file->dynamic = dynamic > 0;
	file->arch = find_arch(file);
	if (dynamic < 0)
		return refuse(err, -ENOEXEC, name, "neither an ELF program nor a script");
	return file->arch ? 0 : refuse(err, -ENOEXEC, name, "for an architecture that xrun does not know");
}

static int choose_arch(struct request *q, const char *name, const struct file *file, struct err *err)
{
	const char *option = q->arch ? q->arch : q->platform;
	if (!file->arch)
		return 0; /* a script: --arch or our own, as ever */
	const struct arch *asked = option ? cli_arch(option, err) : NULL;
	if (option && !asked)
		return err->code;
	if (asked && memcmp(asked->magic, file->arch->magic, sizeof asked->magic) != 0)
		return err_set(err, -EINVAL, "%s is a program for %s, not for %s", name, file->arch->name, asked->name);
	if (!option)
		q->arch = file->arch->name;
	return 0;
}

/* An image that is known to have the loader. Debian 12 has no riscv64; nobody's official image is for loongarch64. */
static const char *suggest(const struct file *file)
{
	if (str_starts(file->interpreter, "/lib/ld-musl-"))
		return "alpine";
	if (file->arch && str_eq(file->arch->name, "loongarch64"))
		return "an image for loongarch64";
	return file->arch && str_eq(file->arch->name, "riscv64") ? "debian:trixie" : "debian:12";
}

static bool is_shown(const struct request *q, const char *path)
{
	for (size_t i = 0; i < q->program.binds.len; i++) {
		size_t len = strlen(q->program.binds.items[i]);
		if (strncmp(path, q->program.binds.items[i], len) == 0 && path[len] == '/')
			return true;
	}
	return q->volumes.len > 0; /* it may be there */
}

static int check_interpreter(const struct request *q, const char *name, const struct file *file, struct err *err)
{
	if (!file->dynamic && !file->script)
		return 0;
	if (q->program_image || is_shown(q, file->interpreter))
		return 0;
	err_set(err, -ENOENT, "%s is %s %s, which comes from an image: give one, --image %s for example", name,
		file->script ? "a script for" : "dynamically linked and needs", *file->interpreter ? file->interpreter : "a loader",
		suggest(file));
	err->status = STATUS_NOT_EXECUTABLE;
	return err->code;
}

/* Directories that the container needs as its own. */
static int check_directory(const char *cwd, bool with_image, struct err *err)
{
	static const char *const own[] = { "/proc", "/sys", "/dev" }, *const image[] = { "/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc" };
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (str_eq(cwd, own[i]) || (str_starts(cwd, own[i]) && cwd[strlen(own[i])] == '/'))
			return err_set(err, -EINVAL, "the current directory, %s, is one that a container has of its own; go to another", cwd);
	for (size_t i = 0; with_image && i < sizeof image / sizeof *image; i++)
		if (str_eq(cwd, image[i]))
			return err_set(err, -EINVAL, "the current directory, %s, would hide the image's; go to another", cwd);
	return 0;
}

/* The current directory, and the file itself where that is elsewhere. Returns how the container calls the program. */
static int show_files(struct request *q, const char *name, char **ret_program, struct err *err)
{
	cleanup_free char *real = realpath(name, NULL);
	q->program.cwd = getcwd(NULL, 0);
	if (!real || !q->program.cwd || *q->program.cwd != '/')
		return err_sys(err, "cannot find out where %s is", real ? "the current directory" : name);
	size_t len = strlen(q->program.cwd);
	bool is_root = len == 1;
	int r = check_directory(q->program.cwd, q->program_image, err);
	if (r < 0)
		return r;
	if (!is_root)
		strv_add(&q->program.binds, q->program.cwd);
	bool inside = !is_root && strncmp(real, q->program.cwd, len) == 0 && real[len] == '/';
	if (!inside)
		strv_add(&q->program.binds, real);
	*ret_program = str_dup(inside && *name == '.' && name[1] == '/' ? name : real);
	return 0;
}

int program_prepare(struct request *q, const char *name, const char **ret_image, struct err *err)
{
	cleanup_free struct file *file = mem_new(sizeof *file);
	cleanup_free char *program = NULL;
	if (q->entrypoint)
		return err_set(err, -EINVAL, "--entrypoint %s: the program is %s", q->entrypoint, name);
	int r = look_at(name, file, err);
	if (r == 0)
		r = choose_arch(q, name, file, err);
	if (r == 0)
		r = show_files(q, name, &program, err);
	if (r == 0)
		r = check_interpreter(q, name, file, err);
	if (r < 0)
		return r;
	cleanup_strv struct strv arguments = q->command;
	q->command = (struct strv){ 0 };
	strv_add(&q->command, program);
	strv_extend(&q->command, &arguments);
	q->entrypoint = "";
	q->program.path = name;
	q->program.alone = !q->program_image;
	*ret_image = q->program_image;
	return 0;
}

void program_fill_image(const char *name, const struct platform *platform, struct image *ret_image)
{
	*ret_image = (struct image){ .reference = str_dup(name), .platform = *platform, .created = str_dup(""), .user = str_dup(""),
		.working_dir = str_dup(""), .stop_signal = str_dup("") };
}
