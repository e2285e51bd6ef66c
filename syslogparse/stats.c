/* SPDX-License-Identifier: MIT */
/*
 * --stats: what became of all lines, as comments. Each line is in one box, so they add up.
 */
#include "syslogparse/broker.h"

#include <inttypes.h>

void stats_print(FILE *out, const struct options *options, const struct account *account)
{
	if (options->format == FORMAT_JSON) /* its first object has all of this */
		return;
	fprintf(out, "# %12" PRIu64 " bytes\n# %12" PRIu64 " lines\n", account->bytes,
		account->lines);
	for (unsigned int box = 0; box < BOXES; box++) {
		fprintf(out, "# %12" PRIu64 "   %s\n", account->boxes[box],
			box_name((enum box)box));
		for (unsigned int i = 0; box == BOX_REFUSED && account_reason(i); i++) {
			if (account->reasons[i])
				fprintf(out, "# %12" PRIu64 "     %s\n", account->reasons[i],
					account_reason(i));
		}
	}
	fprintf(out, "# %12" PRIu64 " events that notices in the log say were lost\n",
		account->lost_events);
}
