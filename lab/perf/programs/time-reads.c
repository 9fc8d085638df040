// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long reading a file takes, in nanoseconds, the shortest of many
 *
 * usage: time-reads COUNT FILE...
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char **argv)
{
	static char buffer[65536];
	long long *shortest;

	if (argc < 3) {
		fprintf(stderr, "usage: %s COUNT FILE...\n", argv[0]);
		return 2;
	}
	shortest = calloc(argc, sizeof(*shortest));
	if (!shortest) {
		perror(argv[0]);
		return 1;
	}
	/* In turns, so that a disturbance does not always hit the same file. */
	for (int n = 0; n < atoi(argv[1]); n++) {
		for (int i = 2; i < argc; i++) {
			long long begin = now_ns(), took;
			int file = open(argv[i], O_RDONLY);

			if (file < 0) {
				perror(argv[i]);
				return 1;
			}
			/* A value that is not known now is ENODEV, and that is an answer. */
			took = read(file, buffer, sizeof(buffer));
			close(file);
			took = now_ns() - begin;
			if (!n || took < shortest[i])
				shortest[i] = took;
		}
	}
	for (int i = 2; i < argc; i++)
		printf("%lld %s\n", shortest[i], argv[i]);
	return 0;
}
