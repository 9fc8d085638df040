// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program that people would write instead of a driver: copies a line to another
 *
 * usage: copy-line CHIP IN OUT [PRIORITY]
 *
 * With a PRIORITY it runs as a real-time process (SCHED_FIFO), its memory locked.
 */

#include <fcntl.h>
#include <linux/gpio.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int get_line(int chip, int line, unsigned long long flags)
{
	struct gpio_v2_line_request request = {
		.offsets = { line },
		.num_lines = 1,
		.consumer = "copy-line",
		.config.flags = flags,
	};

	if (ioctl(chip, GPIO_V2_GET_LINE_IOCTL, &request))
		die("cannot get the line");
	return request.fd;
}

int main(int argc, char **argv)
{
	struct gpio_v2_line_values values = { .mask = 1 };
	struct gpio_v2_line_event event;
	int chip, in, out;

	if (argc < 4) {
		fprintf(stderr, "usage: %s CHIP IN OUT [PRIORITY]\n", argv[0]);
		return 2;
	}
	chip = open(argv[1], O_RDWR);
	if (chip < 0)
		die(argv[1]);
	in = get_line(chip, atoi(argv[2]), GPIO_V2_LINE_FLAG_INPUT |
		      GPIO_V2_LINE_FLAG_EDGE_RISING | GPIO_V2_LINE_FLAG_EDGE_FALLING);
	out = get_line(chip, atoi(argv[3]), GPIO_V2_LINE_FLAG_OUTPUT |
		       GPIO_V2_LINE_FLAG_OPEN_SOURCE);
	if (argc > 4) {
		struct sched_param param = { .sched_priority = atoi(argv[4]) };

		if (sched_setscheduler(0, SCHED_FIFO, &param) || mlockall(MCL_CURRENT))
			die("cannot run in real time");
	}

	while (read(in, &event, sizeof(event)) == sizeof(event)) {
		values.bits = event.id == GPIO_V2_LINE_EVENT_RISING_EDGE;
		if (ioctl(out, GPIO_V2_LINE_SET_VALUES_IOCTL, &values))
			die("cannot set the line");
	}
	die("cannot read an event");
}
