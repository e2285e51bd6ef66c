/* SPDX-License-Identifier: MIT */
/*
 * The worker's filter, compiled and proved when syslogparse was built (mkfilter.c). Built for
 * another machine, where mkfilter could not run, it is compiled and proved at each start.
 */
#include "syslogparse/filter.h"

static const struct bpf_prog built_in = {
#include "syslogparse/filter.def"
};

int filter_install(void)
{
	static struct bpf_prog prog;
	int error;

	if (built_in.len)
		return bpf_install(built_in.insn, built_in.len);
	error = filter_make(&prog, NULL, NULL);
	return error ? error : bpf_install(prog.insn, prog.len);
}
