// SPDX-License-Identifier: GPL-2.0-only
/*
 * smallbms-wait - say what attributes are, and whenever they change
 *
 *	smallbms-wait FILE...
 *
 * Prints "FILE: TEXT" for each file at once and after each change, without asking in
 * between: it sleeps in poll() until the driver says that there is news.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Reading also arms poll() for the next change. */
static void show(int file, const char *name)
{
	char text[4096];
	ssize_t size = pread(file, text, sizeof(text) - 1, 0);

	if (size < 0) {
		fprintf(stderr, "smallbms-wait: %s: %s\n", name, strerror(errno));
		exit(1);
	}
	text[size] = '\0';
	printf("%s: %s%s", name, text, size && text[size - 1] == '\n' ? "" : "\n");
	fflush(stdout);
}

int main(int count, char **names)
{
	struct pollfd *files = calloc(count, sizeof(*files));
	int i;

	if (count < 2 || !files) {
		fprintf(stderr, "usage: smallbms-wait FILE...\n");
		return 2;
	}
	for (i = 1; i < count; i++) {
		files[i - 1].events = POLLPRI;
		files[i - 1].fd = open(names[i], O_RDONLY | O_CLOEXEC);
		if (files[i - 1].fd < 0) {
			fprintf(stderr, "smallbms-wait: %s: %s\n", names[i], strerror(errno));
			return 1;
		}
		show(files[i - 1].fd, names[i]);
	}
	for (;;) {
		if (poll(files, count - 1, -1) < 0)
			return 1;
		for (i = 1; i < count; i++) {
			if (!files[i - 1].revents)
				continue;
			if (access(names[i], R_OK)) {
				fprintf(stderr, "smallbms-wait: %s is gone\n", names[i]);
				return 1;
			}
			show(files[i - 1].fd, names[i]);
		}
	}
}
