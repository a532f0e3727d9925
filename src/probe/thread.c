/* SPDX-License-Identifier: GPL-2.0-or-later */
/* thread.c owns what is tried of threads, locks and signals. */
#include "src/probe/probe.h"

#include <errno.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void *shared_page(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static struct timespec in_seconds(int seconds)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += seconds;
	return t;
}

/* A process dies with the lock; the kernel walks its list of robust locks and tells the next. */
static int robust_mutex(void)
{
	pthread_mutex_t *mutex = shared_page();
	pthread_mutexattr_t attr;
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(mutex, &attr);
	pid_t pid = fork();
	if (pid == 0) {
		pthread_mutex_lock(mutex);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	struct timespec until = in_seconds(2);
	int r = pthread_mutex_timedlock(mutex, &until);
	return r == EOWNERDEAD ? 0 : say("a lock whose owner died stays locked: %s", strerror(r));
}

static int priority_mutex(void)
{
	pthread_mutex_t mutex;
	pthread_mutexattr_t attr;
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	int r = pthread_mutex_init(&mutex, &attr);
	if (r == 0)
		r = pthread_mutex_lock(&mutex);
	return r == 0 ? -pthread_mutex_unlock(&mutex) : -r;
}

static volatile sig_atomic_t caught;
static volatile pid_t caught_by;
static void catch(int signal)
{
	(void)signal;
	caught++;
	caught_by = syscall(SYS_gettid);
}

static volatile pid_t thread_id;
static void *wait_in_read(void *fd)
{
	char byte;
	thread_id = syscall(SYS_gettid);
	ssize_t n = read(*(int *)fd, &byte, 1);
	return (void *)(intptr_t)(n < 0 ? errno : 0);
}

static int signal_thread(void)
{
	int ends[2];
	pthread_t thread;
	void *got = NULL;
	struct sigaction action = { .sa_handler = catch };
	sigaction(SIGUSR1, &action, NULL);
	if (pipe(ends) < 0 || pthread_create(&thread, NULL, wait_in_read, &ends[0]) != 0)
		return -errno;
	for (int i = 0; i < 100 && !caught; i++) {
		usleep(20000);
		pthread_kill(thread, SIGUSR1);
	}
	pthread_join(thread, &got);
	if ((intptr_t)got != EINTR)
		return say("the blocked call was not interrupted");
	return caught_by == thread_id ? 0 : say("another thread took the signal");
}

static volatile int stop;
static void *compute(void *ignored)
{
	(void)ignored;
	thread_id = syscall(SYS_gettid);
	while (!stop) {
		char *p = malloc(4000);
		memset(p, 1, 4000);
		free(p);
	}
	return NULL;
}

/* As Go stops its threads, by signals in the middle of anything. */
static int signal_storm(void)
{
	pthread_t threads[4];
	struct sigaction action = { .sa_handler = catch, .sa_flags = SA_RESTART };
	sigaction(SIGURG, &action, NULL);
	for (int i = 0; i < 4; i++)
		if (pthread_create(&threads[i], NULL, compute, NULL) != 0)
			return -errno;
	for (int i = 0; i < 500; i++) {
		pthread_kill(threads[i % 4], SIGURG);
		usleep(200);
	}
	stop = 1;
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	return caught > 0 ? 0 : say("no signal came");
}

static volatile int value_seen;
static void catch_value(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	value_seen = info->si_value.sival_int;
}

static int realtime_signals(void)
{
	struct sigaction action = { .sa_sigaction = catch_value, .sa_flags = SA_SIGINFO };
	for (int i = SIGRTMIN; i <= SIGRTMAX; i++) {
		value_seen = 0;
		if (sigaction(i, &action, NULL) < 0)
			return say("signal %d cannot be caught: %s", i, strerror(errno));
		if (sigqueue(getpid(), i, (union sigval){ .sival_int = i }) < 0)
			return say("signal %d cannot be sent: %s", i, strerror(errno));
		if (value_seen != i)
			return say("signal %d did not bring its value", i);
	}
	return 0;
}

static int signal_descriptor(void)
{
	struct signalfd_siginfo info;
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	int fd = signalfd(-1, &set, SFD_CLOEXEC);
	raise(SIGUSR2);
	if (fd < 0 || read(fd, &info, sizeof info) != sizeof info)
		return -errno;
	return info.ssi_signo == SIGUSR2 ? 0 : say("another signal came");
}

static int timer(void)
{
	timer_t id;
	struct sigaction action = { .sa_handler = catch };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec soon = { .it_value = { .tv_nsec = 1000000 } };
	sigaction(SIGUSR1, &action, NULL);
	if (timer_create(CLOCK_MONOTONIC, &event, &id) < 0 || timer_settime(id, 0, &soon, NULL) < 0)
		return -errno;
	for (int i = 0; i < 500 && !caught; i++)
		usleep(10000);
	return caught ? 0 : say("the timer's signal did not come");
}

static sigjmp_buf back;
static void leave(int signal)
{
	siglongjmp(back, signal);
}

/* NOLINTNEXTLINE(misc-no-recursion): it is to use up the stack. */
static int __attribute__((noinline)) descend(volatile char *above)
{
	volatile char here[4096];
	here[0] = above ? above[0] : 0;
	here[4095] = 1;
	return caught ? 0 : descend(here) + here[4095];
}

static int overflow_stack(void)
{
	stack_t stack = { .ss_size = 65536, .ss_sp = malloc(65536) };
	struct sigaction action = { .sa_handler = leave, .sa_flags = SA_ONSTACK };
	if (sigaltstack(&stack, NULL) < 0 || sigaction(SIGSEGV, &action, NULL) < 0)
		return -errno;
	if (sigsetjmp(back, 1) == 0)
		return descend(NULL);
	return 0;
}

static char *guarded;
static void *volatile fault_address;
static void unprotect(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	fault_address = info->si_addr;
	mprotect(guarded, 4096, PROT_READ | PROT_WRITE);
}

/* As collectors of garbage watch their pages. (s390x tells the page only, not the byte.) */
static int fault_and_go_on(void)
{
	long page = sysconf(_SC_PAGESIZE);
	struct sigaction action = { .sa_sigaction = unprotect, .sa_flags = SA_SIGINFO };
	guarded = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (guarded == MAP_FAILED || sigaction(SIGSEGV, &action, NULL) < 0)
		return -errno;
	((volatile char *)guarded)[5] = 1;
	return (char *)fault_address - (uintptr_t)fault_address % page == guarded ? 0 : say("the handler was given another address");
}

static int barrier(void)
{
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) < 0)
		return -errno;
	return result(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0));
}

/* EINVAL: it is there, and the C library has registered already. */
static int restartable(void)
{
	long r = syscall(SYS_rseq, NULL, 0, 0, 0);
	return r < 0 && errno == ENOSYS ? -ENOSYS : 0;
}

static int wait_for_many(void)
{
	long r = syscall(449 /* futex_waitv, the same number everywhere but alpha */, NULL, 0, 0, NULL, 0);
	return r < 0 && errno == ENOSYS ? -ENOSYS : 0;
}

const struct probe thread_probes[] = {
	{ "robust mutexes", "databases and others that lock in shared memory", robust_mutex },
	{ "priority inheritance", "audio servers, real-time programs", priority_mutex },
	{ "signals to threads", "pthread_kill, pthread_cancel", signal_thread },
	{ "signal storms", "Go's scheduler, profilers", signal_storm },
	{ "real-time signals", "SIGRTMIN to SIGRTMAX with values", realtime_signals },
	{ "signalfd", "systemd, event loops", signal_descriptor },
	{ "POSIX timers", "timer_create", timer },
	{ "stack overflow", "JVMs and runtimes that survive it on another stack", overflow_stack },
	{ "handled faults", "garbage collectors, QEMU itself, Wine", fault_and_go_on },
	{ "membarrier", "JVMs, .NET, liburcu", barrier },
	{ "rseq", "tcmalloc, sched_getcpu", restartable },
	{ "futex_waitv", "Wine, games", wait_for_many },
	{ 0 },
};
