/* SPDX-License-Identifier: MIT */
/*
 * mkfilter: compile and prove the worker's filter while syslogparse is built, and write it as
 * filter.def. A policy that does not compile, or whose program is not proved to mean it, ends
 * the build.
 */
#include "syslogparse/filter.h"

int main(void)
{
	static struct bpf_prog prog;
	struct bpf_error err = { 0 };
	unsigned long cases = 0;

	if (filter_make(&prog, &cases, &err)) {
		fprintf(stderr, "mkfilter: %s:%u: %s\n", err.place.file ? err.place.file : "",
			err.place.line, err.text);
		return 1;
	}
	printf("/* %u instructions, proved on %lu cases */\n%u, {\n", prog.len, cases, prog.len);
	for (unsigned int i = 0; i < prog.len; i++)
		printf("{ 0x%x, %u, %u, 0x%x },\n", prog.insn[i].code, prog.insn[i].jt,
		       prog.insn[i].jf, prog.insn[i].k);
	puts("}, { 0 }");
	return fflush(stdout) ? 1 : 0;
}
