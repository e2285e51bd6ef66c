/* SPDX-License-Identifier: MIT */
/*
 * The values of constants, as text in an assembly file: for a program that runs on the machine
 * that builds, and works with the constants of the one that is built for. It is compiled for the
 * latter and never assembled; scripts/values-def.sh reads it. Each is in two halves, because an
 * operand is written as a signed number.
 */
#include "bpf/uapi.h"

#include <stdint.h>

#define CONSTANT(name, value, minor)                                 \
	__asm__ volatile("\n.ascii \"-> " name " %0 %1 " #minor "\"" \
			 :                                           \
			 : "i"((uint64_t)(value) >> 32), "i"((uint64_t)(value)&0xffffffffu));

void values(void);

void values(void)
{
#define BPF_DEF_CONSTANTS
#include "bpf/constants.def"
#undef BPF_DEF_CONSTANTS
}
