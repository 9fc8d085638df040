// SPDX-License-Identifier: GPL-2.0-only
/*
 * First process of the virtual board: plays a script, then powers off
 *
 * The script has a line for each action, in the order of time:
 *
 *   NANOSECONDS write PATH TEXT	write TEXT to a file
 *   NANOSECONDS try PATH TEXT		the same, to a file that may not be there
 *   NANOSECONDS sample NAME		note what a file of the power supply says
 *   NANOSECONDS insmod PATH		load a module
 *   NANOSECONDS cat PATH		print a file
 *   NANOSECONDS copy PATH PATH		copy a file, of any length
 *
 * Times count from the first line. A write that fails is reported, but does not end the
 * script, because some writes are meant to fail. A sample that is due while the system
 * sleeps is left out; the others go to the file "samples": time, name and value. With
 * time travel, waiting costs nothing. The kernel's parameter FOLDER names the folder of
 * the host with the script, and MODULES the one with the modules. The guest has these
 * folders at /run and /lib. Without these parameters they are there already, in the
 * initramfs of a machine.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S	1000000000ULL

static void die(const char *what, const char *name)
{
	printf("player: %s %s: %s\n", what, name, strerror(errno));
	fflush(stdout);
	reboot(RB_POWER_OFF);
	exit(1);
}

static bool put(const char *path, const char *text)
{
	size_t length = strlen(text);
	int file = open(path, O_WRONLY);

	if (file < 0)
		return false;
	if (write(file, text, length) != (ssize_t)length)
		printf("player: refused %s to %s: %s\n", text, path, strerror(errno));
	close(file);
	return true;
}

static void load_module(const char *path)
{
	int file = open(path, O_RDONLY);

	if (file < 0 || syscall(SYS_finit_module, file, "", 0))
		die("cannot load", path);
	close(file);
}

static void copy_file(const char *from, int to)
{
	static char buffer[65536];
	ssize_t got;
	int file = open(from, O_RDONLY);

	if (file < 0)
		die("cannot open", from);
	while ((got = read(file, buffer, sizeof(buffer))) > 0) {
		if (write(to, buffer, got) != got)
			die("cannot copy", from);
	}
	close(file);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* A value that cannot be read, or is empty, becomes "-"; a blank within one becomes "_". */
static void sample(const char *name, uint64_t due_ns)
{
	static const char *const folders[] = {
		"/sys/class/power_supply/bms", "/sys/class/power_supply/bms/device",
	};
	char text[4096], path[256];
	ssize_t length = 0;
	FILE *samples;
	size_t i;

	if (now_ns() > due_ns + NS_PER_S / 2)
		return;
	for (i = 0; i < sizeof(folders) / sizeof(*folders) && length <= 0; i++) {
		int file;

		snprintf(path, sizeof(path), "%s/%s", folders[i], name);
		file = open(path, O_RDONLY);
		if (file < 0)
			continue;
		length = read(file, text, sizeof(text) - 1);
		close(file);
	}
	if (length < 0)
		length = 0;
	text[length] = '\0';
	while (length && strchr(" \t\n", text[length - 1]))
		text[--length] = '\0';
	for (i = 0; text[i]; i++) {
		if (strchr(" \t\n", text[i]))
			text[i] = '_';
	}

	samples = fopen("/run/samples", "a");
	if (!samples)
		die("cannot write", "/run/samples");
	fprintf(samples, "%llu %s %s\n", (unsigned long long)now_ns(), name, length ? text : "-");
	fclose(samples);
}

static void play(FILE *script)
{
	uint64_t begin_ns = now_ns();
	char *line = NULL;
	size_t room = 0;

	printf("player: begin %llu\n", (unsigned long long)begin_ns);
	while (getline(&line, &room, script) > 0) {
		char *rest = line, *time, *word, *path;
		uint64_t until_ns;
		struct timespec until;

		line[strcspn(line, "\n")] = '\0';
		time = strsep(&rest, " ");
		word = strsep(&rest, " ");
		path = strsep(&rest, " ");
		if (!path) {
			errno = EINVAL;
			die("cannot read line", line);
		}
		until_ns = begin_ns + strtoull(time, NULL, 10);
		until.tv_sec = until_ns / NS_PER_S;
		until.tv_nsec = until_ns % NS_PER_S;
		if (until_ns > now_ns())
			clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &until, NULL);

		if (!strcmp(word, "write") && rest) {
			if (!put(path, rest))
				die("cannot open", path);
		} else if (!strcmp(word, "try") && rest) {
			if (!put(path, rest))
				printf("player: no %s for %s: %s\n", path, rest, strerror(errno));
		} else if (!strcmp(word, "sample")) {
			sample(path, until_ns);
		} else if (!strcmp(word, "insmod")) {
			load_module(path);
		} else if (!strcmp(word, "cat")) {
			fflush(stdout);
			copy_file(path, STDOUT_FILENO);
		} else if (!strcmp(word, "copy") && rest) {
			int to = open(rest, O_WRONLY | O_CREAT | O_TRUNC, 0644);

			if (to < 0)
				die("cannot write", rest);
			copy_file(path, to);
			fsync(to);
			close(to);
		} else {
			errno = EINVAL;
			die("does not know", word);
		}
	}
	free(line);
}

static void mount_on(const char *type, const char *folder, const char *options)
{
	if (mount(type, folder, type, 0, options))
		die("cannot mount", folder);
}

int main(void)
{
	FILE *script;

	mount_on("proc", "/proc", NULL);
	mount_on("sysfs", "/sys", NULL);
	mount_on("debugfs", "/sys/kernel/debug", NULL);
	mount_on("tracefs", "/sys/kernel/tracing", NULL);
	if (getenv("FOLDER")) {
		mount_on("hostfs", "/run", getenv("FOLDER"));
		mount_on("hostfs", "/lib", getenv("MODULES"));
	}

	script = fopen("/run/script", "r");
	if (!script)
		die("cannot open", "/run/script");
	play(script);
	printf("player: end\n");
	fflush(stdout);
	sync();
	reboot(RB_POWER_OFF);
	return 0;
}
