/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cli.c owns the table of commands and choosing one. */
#include "src/cli/cli.h"

#include "src/base/shown.h"
#include "src/base/str.h"
#include "src/base/version.h"
#include "src/cli/mistyped.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct version_wish {
	bool help;
};

static const struct option version_options[] = {
	{ "help", 'h', OPTION_SWITCH, offsetof(struct version_wish, help), NULL, "show this" },
	{ 0 },
};

static int print_version(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct version_wish wish = { 0 };
	cleanup_strv struct strv operands = { 0 };
	(void)globals;
	int r = options_parse(version_options, &wish, argc, argv, false, &operands, err);
	if (r < 0)
		return r;
	if (wish.help)
		return cli_print_help("version");
	if (operands.len)
		return err_set(err, -EINVAL, "version takes no argument: %s", operands.items[0]);
	puts("xrun " XRUN_VERSION);
	return 0;
}

const struct command cli_commands[] = {
	{ "run", command_run, "[OPTIONS] IMAGE [COMMAND [ARG...]]", "run a program in a new container (the word run may be left out)",
		run_options,
		"  xrun --arch aarch64 debian:12 uname -m\n"
		"  xrun -it -v .:/src -w /src --arch riscv64 debian:trixie bash\n"
		"  xrun ./program ARG                            a file of yours, of any architecture\n"
		"  xrun rootfs:./tree sh                         a directory tree that is there already; it is not changed\n"
		"  xrun --memory 512m --cpus 1.5 alpine ./test.sh\n"
		"  xrun --arch aarch64,riscv64,s390x --report junit=tests.xml -v .:/src -w /src debian:trixie make check\n" },
	{ "ps", command_ps, "[OPTIONS]", "list containers", ps_options,
		"  xrun ps -a\n"
		"  xrun ps -l --format '{{.Names}} {{.Status}} {{.Ports}} {{.Label \"team\"}}'\n"
		"  xrun ps -q --filter ancestor=debian:12\n" },
	{ "create", command_create, "[OPTIONS] IMAGE [COMMAND [ARG...]]", "make a container without starting it", run_options, NULL },
	{ "start", command_start, "[OPTIONS] CONTAINER...", "start containers that have ended, or were created", start_options,
		"What they wrote to their files is there again.\n" },
	{ "stop", command_stop, "[OPTIONS] CONTAINER...", "end containers", stop_options,
		"A program that has no handler for the signal ends at once; one that has gets the time to end by itself.\n" },
	{ "restart", command_restart, "[OPTIONS] CONTAINER...", "stop containers and start them again", stop_options, NULL },
	{ "kill", command_kill, "[OPTIONS] CONTAINER...", "send a signal to containers' first processes", kill_options, NULL },
	{ "rm", command_rm, "[OPTIONS] CONTAINER...", "remove containers", rm_options, NULL },
	{ "wait", command_wait, "CONTAINER...", "wait until containers have ended, and print their exit statuses", wait_options, NULL },
	{ "rename", command_rename, "CONTAINER NAME", "give a container another name", rename_options, NULL },
	{ "logs", command_logs, "[OPTIONS] CONTAINER...", "print what detached containers have written", logs_options,
		"  xrun logs -f --tail 10 web\n"
		"  xrun logs -t --since 10m web\n"
		"  xrun logs -f --names web db\n" },
	{ "attach", command_attach, "[OPTIONS] CONTAINER", "connect to a detached container's input and output", attach_options,
		"Output that nobody takes holds the program up, as a pipe would. ctrl-p ctrl-q leaves one with a terminal.\n" },
	{ "top", command_top, "[OPTIONS] CONTAINER [FIELD...]", "list the processes in a running container", top_options,
		"Fields are user group pid ppid comm args state stat rss vsz nice etime time pcpu, as the container knows them, and huser\n"
		"hgroup hpid hppid, as the host does; of ps's options there are aux, -ef and -o FIELD,...\n\n"
		"  xrun top web pid ppid etime args\n" },
	{ "port", command_port, "CONTAINER [PORT[/tcp|/udp]]", "list a container's published ports, or where one of its ports is", port_options,
		"  xrun port web 80\n" },
	{ "cp", command_cp, "[OPTIONS] SOURCE TARGET", "copy files into a container or out of it, CONTAINER:PATH", cp_options,
		"The container need not run. Into a directory that is there files get by their names; SOURCE/. is what is in SOURCE.\n"
		"- is a tar archive: on standard output, with the owners that files have in the container; from standard input, into a\n"
		"directory that is there, with the owners that the archive says if -a is given, else belonging to the container's root.\n\n"
		"  xrun cp web:/var/log ./web-log\n"
		"  xrun cp ./site/. web:/srv/www\n"
		"  xrun cp web:/var/log - | tar -t\n"
		"  tar -c . | xrun cp - web:/srv/www\n" },
	{ "diff", command_diff, "CONTAINER", "list what a container has changed: A added, C changed, D deleted", diff_options, NULL },
	{ "export", command_export, "[OPTIONS] CONTAINER", "write a container's files as a tar archive", export_options,
		"  xrun export web | tar -t\n" },
	{ "commit", command_commit, "[OPTIONS] CONTAINER IMAGE", "make an image of a container and what it has changed", commit_options,
		"The new image has the layers of the container's, and one more. Its configuration is that of the container's image with\n"
		"what --change says; what the container was started with is not in it. What lies in volumes is not part of it.\n"
		"The image is in the store then, to be run, saved and pushed like any other.\n\n"
		"  xrun run --name work debian:12 sh -c 'apt-get update && apt-get install -y make'\n"
		"  xrun commit -m 'with make' -c 'CMD [\"make\"]' work registry.example.com/team/make:1\n" },
	{ "exec", command_exec, "[OPTIONS] CONTAINER COMMAND [ARG...]", "run a program in a running container", exec_options,
		"The program has the container's namespaces, limits, emulation, and what else confines it.\n\n"
		"  xrun exec -it web sh\n"
		"  xrun exec -u root -w /etc web cat hosts\n" },
	{ "healthcheck", command_healthcheck, "run CONTAINER", "ask a running container now whether it is well", healthcheck_options,
		"By the check that --health-cmd or its image says, as long as that may take, and with its output. The exit status is 1 if it is\n"
		"not. What ps and inspect tell is what the container's own checks found.\n" },
	{ "stats", command_stats, "[OPTIONS] [CONTAINER...]", "show what running containers use", stats_options,
		"Every second, until interrupted; all running containers if none is named.\n\n"
		"  xrun stats\n"
		"  xrun stats --no-stream --format json web\n" },
	{ "pause", command_pause, "[OPTIONS] CONTAINER...", "stop every process of containers, until unpause", pause_options, NULL },
	{ "unpause", command_unpause, "[OPTIONS] CONTAINER...", "let paused containers go on", pause_options, NULL },
	{ "update", command_update, "[OPTIONS] CONTAINER...", "change the limits of containers, now and for later starts", update_options,
		"  xrun update --memory 1g --cpus 2 web\n" },
	{ "debug", command_debug, "[OPTIONS] CONTAINER", "attach gdb to a running container's program", debug_options,
		"A foreign program must have been started with `xrun run --debuggable`, or with --gdb, which waits for this; to a native one gdb\n"
		"attaches by itself.\n\n"
		"  xrun debug web\n"
		"  xrun debug --print web                        the command, for another debugger's use\n" },
	{ "pull", command_pull, "[OPTIONS] IMAGE", "bring an image into the store", pull_options,
		"  xrun pull debian:12\n"
		"  xrun pull --arch riscv64 debian:trixie\n"
		"  xrun pull --arch arm64,armhf,s390x debian:12  several platforms, side by side\n"
		"  xrun pull --arch all alpine\n"
		"  xrun pull oci-archive:image.tar               out of a file; also docker-archive:FILE and oci:DIRECTORY\n" },
	{ "login", command_login, "[OPTIONS] REGISTRY[/PATH]", "log in to a registry, and keep the login for later", login_options,
		"The password is asked for, or read from standard input; the registry must accept it. It is kept where podman keeps\n"
		"it: in $REGISTRY_AUTH_FILE, in $XDG_RUNTIME_DIR/containers/auth.json, which goes when the machine restarts, or in\n"
		"~/.config/containers/auth.json; with the helper docker-credential-NAME, where that file names one. It is used only\n"
		"for this very HOST:PORT, and with a PATH for the repositories there and below, before one for all of the registry. Logins of\n"
		"docker (~/.docker/config.json) and of podman are found, too.\n\n"
		"  xrun login ghcr.io\n"
		"  xrun login -u ann --password-stdin registry.example:5000 <password-file\n"
		"  xrun login quay.io/team                       for that part of the registry alone\n" },
	{ "logout", command_logout, "[OPTIONS] REGISTRY[/PATH]", "forget a login", logout_options,
		"The login goes from every file, and helper, that has it: docker's and podman's, too.\n\n"
		"  xrun logout ghcr.io\n" },
	{ "images", command_images, "[OPTIONS] [IMAGE]", "list the images in the store", images_options,
		"  xrun images debian                            every tag and platform of debian\n"
		"  xrun images --format '{{.Repository}}:{{.Tag}} {{.Platform}} {{.Size}}'\n" },
	{ "inspect", command_inspect, "[OPTIONS] CONTAINER|IMAGE...", "say all that is known of containers or images, as JSON", inspect_options,
		"Names of fields are docker's. An image is named as for run, or by the beginning of its id. Of several platforms all are shown.\n\n"
		"  xrun inspect --format '{{.State.Status}} {{.State.ExitCode}}' web\n"
		"  xrun inspect --format '{{(index (index .NetworkSettings.Ports \"80/tcp\") 0).HostPort}}' web\n"
		"  xrun inspect --arch riscv64 debian:trixie\n" },
	{ "history", command_history, "[OPTIONS] IMAGE", "list the steps that an image was made by", history_options, NULL },
	{ "load", command_load, "[OPTIONS] [rootfs:DIR NAME]", "bring images into the store out of an archive, or a directory's files", load_options,
		"Reads what docker save, podman save and skopeo write (docker-archive, oci-archive), packed with gzip or zstd or not.\n"
		"Every image keeps its names. A name that the store has for another image is refused unless --replace is given.\n\n"
		"With rootfs:DIR an image is made of a directory tree: one layer with all that is in it, for the architecture that its\n"
		"programs are for. Owners are what they are for `xrun rootfs:DIR`; what is mounted below it and sockets are left out.\n\n"
		"  xrun load -i image.tar\n"
		"  docker save debian:12 | xrun load\n"
		"  xrun load -c 'CMD [\"sh\"]' rootfs:./tree localhost/tree:1\n" },
	{ "save", command_save, "[OPTIONS] IMAGE...", "write images into an archive", save_options,
		"docker, podman and skopeo read both forms. Of several platforms the machine's own is written.\n\n"
		"  xrun save -o image.tar debian:12\n"
		"  xrun save --arch riscv64 debian:trixie | ssh board docker load\n"
		"  xrun save --arch all --format oci-archive -o all.tar debian:12\n" },
	{ "push", command_push, "[OPTIONS] IMAGE [NAME]", "publish an image in a registry", push_options,
		"Only what the registry lacks is sent. NAME is where to, if not the image's own name.\n\n"
		"  xrun push debian:12 registry.example.com/team/base:1\n"
		"  xrun push --arch all registry.example.com/team/tool:2\n" },
	{ "tag", command_tag, "[OPTIONS] IMAGE NAME...", "give an image other names as well", tag_options,
		"All platforms of IMAGE get the names; an image that had one of them before has it no more.\n\n"
		"  xrun tag debian:12 registry.example.com/team/base:1\n" },
	{ "rmi", command_rmi, "[OPTIONS] IMAGE...", "remove images from the store", rmi_options,
		"  xrun rmi --arch riscv64 debian:trixie         that platform's only\n"
		"  xrun rmi --all\n" },
	{ "store", command_store, "verify [OPTIONS]", "find damage in the store, and repair it", store_options,
		"Hashes every blob, unpacks every layer anew beside the one that is there, and compares the two. A layer that\n"
		"differs is replaced; a blob that does is removed, and its image brought again from where it came. What is\n"
		"whole is not touched. An index.json that cannot be read becomes what it was before its last change; images that\n"
		"it does not name are called localhost/recovered:HEX then.\n\n"
		"  xrun store verify\n" },
	{ "prune", command_prune, "[OPTIONS]", "remove what no image and no container uses", prune_options,
		"Pulls that failed keep what they brought for the next try. This removes it, and layers that lost their last\n"
		"image while a container used the store. Images are never removed by it: see rmi.\n" },
	{ "binfmt", command_binfmt, "status|install|remove [ARCH...]", "which architectures run here, and how", binfmt_options,
		"Containers bring their own handlers, so nothing needs to be installed on Linux 6.7 or newer. install registers\n"
		"emulators for the whole host, for older kernels and for programs outside containers.\n\n"
		"  xrun binfmt status\n"
		"  sudo xrun binfmt install --persistent aarch64\n" },
	{ "doctor", command_doctor, "[OPTIONS]", "whether containers can run here, and what to mend", doctor_options,
		"Tries what containers need on this machine. Each line says ok, limits (containers run, but something does not work)\n"
		"or broken (none runs), why, and the command that mends it. The exit status is 1 if something is broken.\n\n"
		"With --arch: what programs of that architecture cannot do here, found by running a small program in a container\n"
		"of it, and in a native one to compare.\n\n"
		"  xrun doctor\n"
		"  xrun doctor --arch riscv64\n" },
	{ "version", print_version, "[OPTIONS]", "print the version", version_options, NULL },
	{ 0 },
};

static int print_overview(void)
{
	puts("Usage: xrun [--root DIR] [--runroot DIR] [COMMAND] ...\n\n"
	     "Runs a Linux program of any CPU architecture in a container.\n\n"
	     "  xrun --arch aarch64 debian:12 uname -m        a foreign program, from an image of a registry\n"
	     "  xrun -it alpine sh                            a shell\n"
	     "  xrun -v .:/src -w /src gcc:12 make            build what is in this directory\n\n"
	     "Commands:");
	for (const struct command *c = cli_commands; c->name; c++)
		printf("  %-11s %s\n", c->name, c->help);
	puts("\n`xrun COMMAND --help` shows a command's options. The store is /var/lib/xrun for root, ~/.local/share/xrun\n"
	     "for others; --root DIR moves it. Where it is read-only, containers are in /run/xrun or $XDG_RUNTIME_DIR/xrun;\n"
	     "--runroot DIR moves those.");
	return 0;
}

static const struct command *find(const char *name)
{
	for (const struct command *c = cli_commands; c->name; c++)
		if (str_eq(c->name, name))
			return c;
	return NULL;
}

void cli_for_terminal(char *text)
{
	if (isatty(STDOUT_FILENO))
		shown_clean(text, "\n\t");
}

int cli_puts(char *text)
{
	cli_for_terminal(text);
	return puts(text);
}

int cli_print_help(const char *name)
{
	const struct command *command = find(name);
	cleanup_buf struct buf text = { 0 };
	buf_fmt(&text, "Usage: xrun %s %s\n\n%s%s", name, command->usage, command->text ? command->text : "", command->text ? "\n" : "");
	options_help(command->options, &text);
	fputs(text.data, stdout);
	return 0;
}

/* `xrun help [COMMAND]` */
static int print_help(int argc, char **argv, struct err *err)
{
	if (argc == 0)
		return print_overview();
	if (argc > 1)
		return err_set(err, -EINVAL, "help is about one command at a time: %s or %s?", argv[0], argv[1]);
	return find(argv[0]) ? cli_print_help(argv[0]) : err_set(err, -EINVAL, "%s is no command; `xrun help` lists them", argv[0]);
}

/* "NAME DIR" or "NAME=DIR" at argv[*at]: 1 and *at at its last word; 0: it is another. */
static int take_global(const char *name, const char **ret_value, int argc, char **argv, int *at, struct err *err)
{
	size_t len = strlen(name);
	const char *word = argv[*at];
	if (strncmp(word, name, len) != 0 || (word[len] && word[len] != '='))
		return 0;
	if (!word[len] && ++*at == argc)
		return err_set(err, -EINVAL, "%s needs an argument: DIR", name);
	*ret_value = word[len] ? word + len + 1 : argv[*at];
	return **ret_value ? 1 : err_set(err, -EINVAL, "%s needs an argument: DIR, which is empty here", name);
}

int cli_main(int argc, char **argv, struct err *err)
{
	struct globals globals = { 0 };
	int at = 1;
	for (int taken = 1; at < argc; at++) {
		taken = take_global("--root", &globals.root, argc, argv, &at, err);
		if (taken == 0)
			taken = take_global("--runroot", &globals.runroot, argc, argv, &at, err);
		if (taken < 0)
			return taken;
		if (taken == 0)
			break;
	}
	if (at == argc || str_eq(argv[at], "--help") || str_eq(argv[at], "-h"))
		return print_overview();
	if (str_eq(argv[at], "help"))
		return print_help(argc - at - 1, argv + at + 1, err);
	if (str_eq(argv[at], "--version"))
		return print_version(&globals, argc - at - 1, argv + at + 1, err);
	const struct command *command = find(argv[at]);
	if (command)
		return command->run(&globals, argc - at - 1, argv + at + 1, err);
	int r = *argv[at] == '-' ? 0 : mistyped_check(&globals, argv[at], err);
	return r < 0 ? r : command_run(&globals, argc - at, argv + at, err);
}
