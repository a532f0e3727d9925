/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c owns running each probe by itself, so that one which crashes or hangs is a result like any other. */
/*
 * Prints a line for each: NAME, RESULT (works, fails, crashes or hangs), DETAIL, USERS, separated by tabs.
 */
#include "src/probe/probe.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000, STEP_MS = 5 };

/* Shared with the child that runs a probe. */
struct outcome {
	int done, code;
	char detail[200];
};
static struct outcome *outcome;
const char *program;

int say(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(outcome->detail, sizeof outcome->detail, format, args);
	va_end(args);
	return WRONG;
}

int result(long r)
{
	return r < 0 ? -errno : 0;
}

static void run(const struct probe *probe)
{
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	outcome->code = probe->run();
	outcome->done = 1;
	_exit(0);
}

/* The wait status, or -1 where it had to be killed. */
static int await(pid_t pid)
{
	int status = 0;
	for (int waited = 0; waited < PATIENCE_MS; waited += STEP_MS) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		nanosleep(&(struct timespec){ .tv_nsec = STEP_MS * 1000000L }, NULL);
	}
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return -1;
}

static const char *judge(int status)
{
	if (status < 0)
		return "hangs";
	if (WIFSIGNALED(status)) {
		say("signal %d", WTERMSIG(status));
		return "crashes";
	}
	if (!outcome->done)
		return "crashes";
	if (outcome->code == 0)
		return "works";
	if (!outcome->detail[0] && outcome->code != WRONG)
		say("%s", strerror(-outcome->code));
	return "fails";
}

static void try(const struct probe *probe)
{
	memset(outcome, 0, sizeof *outcome);
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0)
		run(probe);
	const char *word = pid < 0 ? "fails" : judge(await(pid));
	printf("%s\t%s\t%s\t%s\n", probe->name, word, outcome->detail, probe->users);
}

static int be_child(void)
{
	char byte;
	while (read(0, &byte, 1) > 0)
		;
	return CHILD_STATUS;
}

int main(int argc, char **argv)
{
	static const struct probe *const tables[] = { process_probes, thread_probes, memory_probes, file_probes, network_probes };
	program = argv[0];
	if (argc > 1 && strcmp(argv[1], CHILD_ARGUMENT) == 0)
		return be_child();
	outcome = mmap(NULL, sizeof *outcome, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (outcome == MAP_FAILED)
		return 1;
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		for (const struct probe *probe = tables[i]; probe->name; probe++)
			if (argc < 2 || strcmp(argv[1], probe->name) == 0)
				try(probe);
	return fflush(stdout) == 0 ? 0 : 1;
}
