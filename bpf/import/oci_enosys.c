/* SPDX-License-Identifier: MIT */
/*
 * runc's answer to calls that are newer than the profile: ENOSYS, so that the C library
 * takes an older one. It puts a few instructions before libseccomp's program: a number
 * above the highest one that the profile names, for each ABI, gets ENOSYS - unless
 * the default lets calls through.
 *
 * "unknown errno(ENOSYS)" says that for what is above our tables; what lies between the
 * profile's highest and ours is named here. The lines come before all others, so that
 * an entry of the profile would win. A name may be above the highest on one ABI and
 * below on another. Where the default fails calls with an errno, it gets ENOSYS on
 * both; a stricter default keeps it.
 */
#include "bpf/import/oci.h"

#include <errno.h>
#include <string.h>

/* The highest number that an entry names, for each ABI; -1: none is. */
static void find_highest(const struct oci *oci, int64_t highest[BPF_ABIS])
{
	const struct bpf_syscall *call;
	const char *name;
	unsigned int abi;
	size_t i, j;

	for (abi = 0; abi < BPF_ABIS; abi++)
		highest[abi] = -1;
	for (i = 0; i < oci->nrules; i++) {
		for (j = 0; j < oci->rules[i].nnames; j++) {
			name = oci->rules[i].names[j];
			call = bpf_syscall_find(name, strlen(name));
			for (abi = 0; call && abi < BPF_ABIS; abi++)
				if (call->nr[abi] > highest[abi])
					highest[abi] = call->nr[abi];
		}
	}
}

/* How many ABIs have CALL above their highest, and how many below? */
static void place_call(const struct oci *oci, const struct bpf_syscall *call,
		       const int64_t highest[BPF_ABIS], unsigned int *above, unsigned int *below)
{
	unsigned int abi;

	*above = *below = 0;
	for (abi = 0; abi < BPF_ABIS; abi++) {
		if (!(oci->abis & 1u << abi) || call->nr[abi] == BPF_NO_NR)
			continue;
		if (highest[abi] >= 0 && call->nr[abi] > highest[abi])
			++*above;
		else
			++*below;
	}
}

static void write_names(struct oci *oci, const int64_t highest[BPF_ABIS], struct oci_list *list)
{
	const bool soft = (oci->def & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO;
	unsigned int above, below, mixed = 0;
	size_t i;

	for (i = 0; i < bpf_nsyscalls; i++) {
		place_call(oci, &bpf_syscalls[i], highest, &above, &below);
		if (!above)
			continue;
		mixed += below > 0;
		if (!below || soft)
			oci_list_add(oci, list, bpf_syscalls[i].name, true);
	}
	if (mixed)
		import_note(oci->im, 0,
			    "%u calls are newer than the profile on some ABIs only; they "
			    "get %s on all",
			    mixed, soft ? "ENOSYS" : "what the default says");
}

/* A number between them without a name, where no ABI of the policy has one. */
static void write_numbers(struct oci *oci, const int64_t highest[BPF_ABIS], struct oci_list *list)
{
	unsigned int nr, max = 0, abi, above, named;
	char number[12];

	for (abi = 0; abi < BPF_ABIS; abi++)
		if (oci->abis & 1u << abi && bpf_syscall_max((enum bpf_abi_id)abi) > max)
			max = bpf_syscall_max((enum bpf_abi_id)abi);
	for (nr = 0; nr <= max; nr++) {
		above = named = 0;
		for (abi = 0; abi < BPF_ABIS; abi++) {
			if (!(oci->abis & 1u << abi))
				continue;
			named += bpf_syscall_nr((enum bpf_abi_id)abi, nr) != NULL;
			above += highest[abi] >= 0 && nr > highest[abi] &&
				 nr <= bpf_syscall_max((enum bpf_abi_id)abi);
		}
		snprintf(number, sizeof(number), "%u", nr);
		if (above && !named)
			oci_list_add(oci, list, number, true);
	}
}

void oci_enosys(struct oci *oci)
{
	struct oci_list list = { .action = "errno(ENOSYS)" };
	int64_t highest[BPF_ABIS];

	/* As runc: not where the default is to allow, to log or to trace. */
	if (!oci->options->enosys || !oci_laxer(SECCOMP_RET_TRACE, oci->def))
		return;
	find_highest(oci, highest);
	import_write(oci->im, 0, "\n# newer than all that the profile names\n");
	write_names(oci, highest, &list);
	write_numbers(oci, highest, &list);
	oci_list_end(oci, &list);
}
