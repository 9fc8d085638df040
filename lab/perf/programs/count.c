// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plugin of QEMU: how many instructions the first processor executes between two marks
 *
 * usage: -plugin count.so,out=FILE
 *
 * FILE gets a number in a line for each pair of marks. Blocks are counted as a whole, so
 * each number may be some ten too high or too low, always by the same.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "marks.h"
#include "qemu-plugin.h"

int qemu_plugin_version = 1;

static FILE *out;
static bool counting;
static unsigned long count;

static void begin(unsigned int cpu, void *data)
{
	if (cpu)
		return;
	count = 0;
	counting = true;
}

static void end(unsigned int cpu, void *data)
{
	if (cpu || !counting)
		return;
	counting = false;
	fprintf(out, "%lu\n", count);
}

static void executed(unsigned int cpu, void *data)
{
	if (!cpu && counting)
		count += (uintptr_t)data;
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t num = qemu_plugin_tb_n_insns(tb), i;
	struct qemu_plugin_insn *insn;
	uint32_t code;

	qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, QEMU_PLUGIN_CB_NO_REGS,
					     (void *)(uintptr_t)num);
	for (i = 0; i < num; i++) {
		insn = qemu_plugin_tb_get_insn(tb, i);
		if (qemu_plugin_insn_size(insn) != sizeof(code))
			continue;
		memcpy(&code, qemu_plugin_insn_data(insn), sizeof(code));
		if (code == MARK_BEGIN || code == MARK_END)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, code == MARK_BEGIN ?
							       begin : end,
							       QEMU_PLUGIN_CB_NO_REGS, NULL);
	}
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	if (argc != 1 || strncmp(argv[0], "out=", 4)) {
		fprintf(stderr, "usage: -plugin count.so,out=FILE\n");
		return 1;
	}
	out = fopen(argv[0] + 4, "w");
	if (!out) {
		perror(argv[0] + 4);
		return 1;
	}
	setlinebuf(out);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
