/* SPDX-License-Identifier: MIT */
/*
 * Fuzz the importer of kafel policies: what it takes must be a policy of ours, or be refused
 * there with words; and what is a policy must become a program that is proved.
 */
#define FUZZ_MAX_INPUT 8192 /* as large as real policies are */

#include "tests/fuzz/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return import_fuzz(import_kafel, data, size);
}
