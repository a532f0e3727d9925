#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# 32-bit foreign programs list directories of ext4 and its like, which have positions of 63 bits for a 64-bit emulator.

load lib

# lister counts a directory's entries by readdir, without large files, and goes back to one by seekdir: in a thread, where it
# has a second argument, and with a signal every millisecond where it has a third.
prepare() {
	xrun pull -q --arch armv7 "$PLAIN/test:armhf"
	mkdir -p "$BATS_FILE_TMPDIR/programs" "$BATS_FILE_TMPDIR/many"
	touch "$BATS_FILE_TMPDIR/many/"{1..300}
	cat >"$BATS_FILE_TMPDIR/lister.c" <<-'END'
		#include <dirent.h>
		#include <errno.h>
		#include <pthread.h>
		#include <signal.h>
		#include <stdio.h>
		#include <string.h>
		#include <sys/stat.h>
		#include <sys/time.h>
		static const char *name;
		static volatile int signals;
		static void on_signal(int number) { signals += number != 0; }
		static int check(DIR *dir, long place, const char *want)
		{
			struct dirent *entry = (seekdir(dir, place), readdir(dir));
			return entry && strcmp(entry->d_name, want) == 0;
		}
		static int list(void)
		{
			char path[512], want[256] = "";
			long place = 0;
			int count = 0;
			struct stat st;
			DIR *dir = opendir(name);
			errno = 0;
			for (struct dirent *entry; dir && (entry = readdir(dir)); count++, errno = 0) {
				snprintf(path, sizeof path, "%s/%s", name, entry->d_name);
				if (lstat(path, &st) < 0)
					return -1;
				if (count == 1)
					place = telldir(dir);
				if (count == 2)
					strcpy(want, entry->d_name);
			}
			if (!dir || errno)
				return -1;
			if (count > 2 && !check(dir, place, want))
				return puts("seekdir led elsewhere"), 0;
			closedir(dir);
			return count;
		}
		static void *tell(void *more)
		{
			int first = list();
			for (int i = 0; more && first > 0 && i < 20; i++)
				if (list() != first)
					first = -2;
			return first < 0 ? perror(name), NULL : (printf("%d\n", first), (void *)name);
		}
		int main(int argc, char **argv)
		{
			pthread_t thread;
			void *done;
			struct itimerval often = { { 0, 1000 }, { 0, 1000 } };
			name = argv[1];
			signal(SIGALRM, on_signal);
			if (argc > 3)
				setitimer(ITIMER_REAL, &often, NULL);
			if (argc <= 2)
				return !tell(NULL);
			return pthread_create(&thread, NULL, tell, argc > 3 ? argv : NULL) || pthread_join(thread, &done) || !done;
		}
	END
	arm-linux-gnueabihf-gcc -std=gnu11 -O1 -static -pthread -o "$BATS_FILE_TMPDIR/programs/lister" "$BATS_FILE_TMPDIR/lister.c"
}

# The options that every test has, and the image.
options() {
	echo --network none --arch armv7 -v "$BATS_FILE_TMPDIR/programs:/programs" -v "$BATS_FILE_TMPDIR/many:/many" "$PLAIN/test:armhf"
}

@test "a 32-bit foreign program lists directories of the image, of a volume, and its own" {
	# shellcheck disable=SC2046 # several words are meant
	run xrun run $(options) sh -c 'mkdir /new && cd /new && touch a b c && ls /usr/bin | wc -l &&
		/programs/lister /usr/bin && /programs/lister /many && /programs/lister /new'
	echo "$output"
	[ "$status" = 0 ]
	[ "${lines[1]}" = $((lines[0] + 2)) ]
	[ "${lines[*]:2}" = "302 5" ]
}

@test "so does its thread, and one that signals interrupt all the time" {
	# shellcheck disable=SC2046
	run xrun run $(options) sh -c '/programs/lister /many thread; /programs/lister /many thread signals'
	[ "$output" = $'302\n302' ]
}

@test "a descriptor or an address that is none is an error, as without help" {
	cat >"$BATS_TEST_TMPDIR/wrong.c" <<-'END'
		#include <errno.h>
		#include <fcntl.h>
		#include <sys/syscall.h>
		#include <unistd.h>
		int main(void)
		{
			char room[4096];
			int dir = open("/many", O_RDONLY | O_DIRECTORY), file = open("/programs/wrong", O_RDONLY);
			if (syscall(SYS_getdents64, 99, room, sizeof room) != -1 || errno != EBADF)
				return 1;
			if (syscall(SYS_getdents64, file, room, sizeof room) != -1 || errno != ENOTDIR)
				return 2;
			if (syscall(SYS_getdents64, dir, room, 8) != -1 || errno != EINVAL)
				return 3;
			if (syscall(SYS_getdents64, dir, 16, sizeof room) != -1 || errno != EFAULT)
				return 4;
			return 0;
		}
	END
	arm-linux-gnueabihf-gcc -static -o "$BATS_FILE_TMPDIR/programs/wrong" "$BATS_TEST_TMPDIR/wrong.c"
	# shellcheck disable=SC2046
	xrun run $(options) /programs/wrong
}

@test "exec lists them as well, and when nobody is left, nobody answers either" {
	local before
	before=$(pgrep -c -u "$(id -u)" -f "root $STORE" || true)
	# shellcheck disable=SC2046
	xrun run -d --rm --name lister $(options) sleep 1000
	[ "$(xrun exec lister /programs/lister /many)" = 302 ]
	xrun exec -d lister sh -c '/programs/lister /many >/answer.new; mv /answer.new /answer'
	xrun exec lister sh -c 'until [ -e /answer ]; do sleep 0.1; done; cat /answer' >"$BATS_TEST_TMPDIR/answer"
	[ "$(cat "$BATS_TEST_TMPDIR/answer")" = 302 ]
	xrun rm -f lister
	for _ in {1..100}; do
		[ "$(pgrep -c -u "$(id -u)" -f "root $STORE" || true)" -le "$before" ] || sleep 0.1
	done
	[ "$(pgrep -c -u "$(id -u)" -f "root $STORE" || true)" -le "$before" ]
}

@test "a file of 2 GiB and more is an error for a program that is not built for such, and for no other" {
	local dir=$BATS_TEST_TMPDIR/large
	mkdir "$dir"
	truncate -s 3G "$dir/file"
	arm-linux-gnueabihf-gcc -D_FILE_OFFSET_BITS=64 -std=gnu11 -O1 -static -pthread -o "$BATS_FILE_TMPDIR/programs/large" "$BATS_FILE_TMPDIR/lister.c"
	# shellcheck disable=SC2046
	run xrun run -v "$dir:/large" $(options) /programs/lister /large
	[ "$status" = 1 ]
	[ "$output" = "/large: Value too large for defined data type" ]
	# shellcheck disable=SC2046
	[ "$(xrun run -v "$dir:/large" $(options) /programs/large /large)" = 3 ]
}

@test "--dry-run shows it, and only for 32-bit foreign images" {
	local want='"xrun.directories": "32-bit"'
	xrun --arch armv7 --dry-run "$PLAIN/test:armhf" true | grep -F "$want"
	xrun pull -q --arch aarch64 "$PLAIN/test:arm64"
	refute grep -F "$want" <(xrun --arch aarch64 --dry-run "$PLAIN/test:arm64" true)
	refute grep -F "$want" <(xrun --dry-run "$NATIVE" true)
}
