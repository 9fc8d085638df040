// SPDX-License-Identifier: GPL-2.0-only
/*
 * abuse - treat the files of a bank badly
 *
 *	abuse readers NUMBER SECONDS FILE...
 *
 * lets so many processes read the files over and over. Every tenth is slow and reads byte
 * by byte. Every tenth dies in the middle of a file and is replaced. At the end it prints
 * what they did, and errors other than "not known now".
 *
 *	abuse writers FILE...
 *
 * writes garbage into each file, as root and as nobody, and prints a line for each
 * write: file, user, what was written, the result.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOBODY		65534
#define SLOW_US		100000

/* Sums over all readers so far */
static struct tally {
	unsigned long reads;
	unsigned long died;
	unsigned long errors;
	char error[256];	/* the first of them */
} *tally;

static void read_file(const char *name, bool slow)
{
	char text[4096];
	int file = open(name, O_RDONLY | O_CLOEXEC);
	ssize_t len = file;

	while (len >= 0 && (len = read(file, text, slow ? 1 : sizeof(text))) > 0) {
		if (slow)
			usleep(SLOW_US);
	}
	/* A value that is not known now, and a file that has gone, are no errors. */
	if (len < 0 && errno != ENODEV && errno != ENODATA && !tally->errors++)
		snprintf(tally->error, sizeof(tally->error), " (%s: %s)", name,
			 strerrorname_np(errno));
	if (file >= 0)
		close(file);
	__atomic_add_fetch(&tally->reads, 1, __ATOMIC_RELAXED);
}

static pid_t start_reader(unsigned int number, char **files)
{
	pid_t pid = fork();
	char **file;

	if (pid)
		return pid;
	setpriority(PRIO_PROCESS, 0, 0);
	if (number % 10 == 1)
		alarm(1 + number / 10 % 3);
	for (;;) {
		for (file = files; *file; file++)
			read_file(*file, number % 10 == 0);
	}
}

static int read_all(unsigned int number, unsigned int seconds, char **files)
{
	time_t end = time(NULL) + seconds;
	unsigned int i, started = 0;
	pid_t *pids = calloc(number, sizeof(*pids));
	pid_t pid;

	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	if (tally == MAP_FAILED || !pids)
		return 1;
	for (i = 0; i < number; i++) {
		pids[i] = start_reader(i, files);
		started += pids[i] > 0;
	}
	while (time(NULL) < end) {
		pid = waitpid(-1, NULL, WNOHANG);
		for (i = 0; pid > 0 && i < number; i++) {
			if (pids[i] != pid)
				continue;
			tally->died++;
			pids[i] = start_reader(i, files);
		}
		if (pid <= 0)
			usleep(10000);
	}
	for (i = 0; i < number; i++) {
		if (pids[i] > 0)
			kill(pids[i], SIGKILL);
	}
	while (wait(NULL) > 0)
		;
	printf("%u readers, %lu reads, %lu died, %lu errors%s\n", started, tally->reads,
	       tally->died, tally->errors, tally->error);
	return 0;
}

static const char *outcome(const char *name, const char *text, size_t len)
{
	const char *said = "taken";
	int file = open(name, O_WRONLY | O_CLOEXEC);

	if (file < 0 || write(file, text, len) < 0)
		said = strerrorname_np(errno);
	if (file >= 0)
		close(file);
	return said;
}

static int write_all(char **files)
{
	static char many[8192];
	static const struct {
		const char *name;
		const char *text;
		size_t len;
	} garbage[] = {
		{ "a letter", "x", 1 },
		{ "a newline", "\n", 1 },
		{ "spaces", "   ", 3 },
		{ "10000001", "10000001", 8 },
		{ "-10000001", "-10000001", 9 },
		{ "-2147483649", "-2147483649", 11 },
		{ "twenty nines", "99999999999999999999", 20 },
		{ "0x1p3", "0x1p3", 5 },
		{ "two numbers", "1 1", 3 },
		{ "a fraction", "3.1", 3 },
		{ "bytes", "\0\377\001", 3 },
		{ "two pages", many, sizeof(many) },
		{ NULL }
	};
	static const struct {
		const char *name;
		uid_t uid;
	} users[] = { { "root", 0 }, { "nobody", NOBODY }, { NULL } };
	unsigned int user, i;

	memset(many, '9', sizeof(many));
	for (; *files; files++) {
		for (user = 0; users[user].name; user++) {
			if (seteuid(users[user].uid))
				return 1;
			for (i = 0; garbage[i].name; i++)
				printf("%s\t%s\t%s\t%s\n", *files, users[user].name,
				       garbage[i].name,
				       outcome(*files, garbage[i].text, garbage[i].len));
			if (seteuid(0))
				return 1;
		}
	}
	return 0;
}

int main(int count, char **words)
{
	/* The crowd must not keep this process waiting. */
	if (setpriority(PRIO_PROCESS, 0, -10))
		return 1;
	if (count > 4 && !strcmp(words[1], "readers"))
		return read_all(atoi(words[2]), atoi(words[3]), words + 4);
	if (count > 2 && !strcmp(words[1], "writers"))
		return write_all(words + 2);
	fprintf(stderr, "usage: abuse readers NUMBER SECONDS FILE...\n"
			"       abuse writers FILE...\n");
	return 2;
}
