/* SPDX-License-Identifier: MIT */
/*
 * The ABI of the machine that this is compiled for; unless a program of the build is, which says
 * for which one it works.
 */
#ifndef BPF_NATIVE_H
#define BPF_NATIVE_H

#ifndef BPF_NATIVE
#if defined(__x86_64__) && defined(__ILP32__)
#define BPF_NATIVE BPF_X32
#elif defined(__x86_64__)
#define BPF_NATIVE BPF_X86_64
#elif defined(__i386__)
#define BPF_NATIVE BPF_I386
#elif defined(__aarch64__)
#define BPF_NATIVE BPF_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define BPF_NATIVE BPF_RISCV64
#else
#error "no system-call table for this architecture"
#endif
#endif

#endif
