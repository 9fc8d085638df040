// SPDX-License-Identifier: GPL-2.0-only
/*
 * Marks where a work begins and where it ends: for tests only
 *
 * A counter of instructions outside of the guest does not know their purpose. So each run of
 * the work whose function has the name in the parameter "function" is put between two
 * marks.
 */

#include <linux/err.h>
#include <linux/kallsyms.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include <linux/stringify.h>
#include <linux/tracepoint.h>
#include <linux/workqueue.h>

#include "marks.h"

static char function[64] = "none";
module_param_string(function, function, sizeof(function), 0600);
MODULE_PARM_DESC(function, "whose runs are marked");

static struct tracepoint *execute_start, *execute_end;
static struct work_struct *marked;

static void on_start(void *data, struct work_struct *work)
{
	char name[KSYM_SYMBOL_LEN];

	sprint_symbol_no_offset(name, (unsigned long)work->func);
	if (strncmp(name, function, strlen(function)))
		return;
	marked = work;
	asm volatile(".inst " __stringify(MARK_BEGIN));
}

static void on_end(void *data, struct work_struct *work, work_func_t func)
{
	if (work == marked)
		asm volatile(".inst " __stringify(MARK_END));
}

static void find(struct tracepoint *tp, void *data)
{
	if (!strcmp(tp->name, "workqueue_execute_start"))
		execute_start = tp;
	if (!strcmp(tp->name, "workqueue_execute_end"))
		execute_end = tp;
}

static int __init marks_init(void)
{
	int ret;

	for_each_kernel_tracepoint(find, NULL);
	if (!execute_start || !execute_end)
		return -ENODEV;
	ret = tracepoint_probe_register(execute_start, on_start, NULL);
	if (ret)
		return ret;
	ret = tracepoint_probe_register(execute_end, on_end, NULL);
	if (ret)
		tracepoint_probe_unregister(execute_start, on_start, NULL);
	return ret;
}
module_init(marks_init);

static void __exit marks_exit(void)
{
	tracepoint_probe_unregister(execute_end, on_end, NULL);
	tracepoint_probe_unregister(execute_start, on_start, NULL);
	tracepoint_synchronize_unregister();
}
module_exit(marks_exit);

MODULE_DESCRIPTION("Marks where a work begins and where it ends");
MODULE_LICENSE("GPL");
