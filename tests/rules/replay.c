// SPDX-License-Identifier: GPL-2.0-only
/*
 * Play histories from files, and print those that go wrong
 *
 * With --first it ends at the first that goes wrong, and prints only its name. With "- FILE
 * SCENARIO" it prints one history in any case, and writes it to SCENARIO as a scenario.
 */

#include <stdlib.h>
#include <string.h>

#include "history.h"

#define LARGEST	65536

static bool replay(const char *path, FILE *told, FILE *scenario)
{
	static uint8_t data[LARGEST];
	char why[400];
	FILE *file = fopen(path, "rb");
	size_t size;

	if (!file) {
		perror(path);
		exit(2);
	}
	size = fread(data, 1, sizeof(data), file);
	fclose(file);
	return history_live(data, size, why, told, scenario);
}

int main(int count, char **word)
{
	bool first = count > 1 && !strcmp(word[1], "--first");
	int i, failed = 0;

	if (count == 4 && !strcmp(word[1], "-")) {
		FILE *scenario = fopen(word[3], "w");

		if (!scenario) {
			perror(word[3]);
			return 2;
		}
		failed = !replay(word[2], stdout, scenario);
		fclose(scenario);
		return failed;
	}
	for (i = 1 + first; i < count; i++) {
		if (replay(word[i], NULL, NULL))
			continue;
		failed++;
		printf("not ok: %s\n", word[i]);
		if (first)
			return 1;
		replay(word[i], stdout, NULL);
	}
	printf("%d passed, %d failed\n", count - 1 - first - failed, failed);
	return failed ? 1 : 0;
}
