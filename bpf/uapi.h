/* SPDX-License-Identifier: MIT */
/*
 * The headers of Linux that have the constants in constants.list, and what they lack together.
 */
#ifndef BPF_UAPI_H
#define BPF_UAPI_H

/* Types that asm/ioctls.h takes the size of. */
#include <asm/termbits.h>

#define BPF_DEF_INCLUDES
#include "bpf/constants.def"
#undef BPF_DEF_INCLUDES

/* <sys/mount.h> and <fcntl.h> have these, and clash with <linux/mount.h> and <linux/fcntl.h>. */
#ifndef MNT_FORCE
#define MNT_FORCE	1
#define MNT_DETACH	2
#define MNT_EXPIRE	4
#define UMOUNT_NOFOLLOW 8
#endif
#ifndef SPLICE_F_MOVE
#define SPLICE_F_MOVE	  1
#define SPLICE_F_NONBLOCK 2
#define SPLICE_F_MORE	  4
#define SPLICE_F_GIFT	  8
#endif

#endif
