/* SPDX-License-Identifier: MIT */
/*
 * Addresses to prefixes.
 *
 * Twenty thousand rules of one address each are slow and unreadable, and a /8 for the sake of
 * three addresses is wrong. The bound between is a share: of the addresses that a prefix
 * covers, at least so many were seen. The narrowest prefix that holds a run of sorted addresses
 * is the common beginning of the first and the last one; if it has the share, it stands for
 * them, else the run is cut where the two part, and each half is tried. So what comes out is
 * disjoint, in order, and covers each address once.
 *
 * The share alone would let a small one (0.001) take a /8 for a big log; the floor does not.
 */
#include "syslogparse/output.h"

#include <arpa/inet.h>
#include <math.h>
#include <string.h>

#define FLOOR_4 16u
#define FLOOR_6 48u

static unsigned int common_bits(const uint8_t *a, const uint8_t *b, unsigned int bytes)
{
	unsigned int bits = 0;

	for (unsigned int i = 0; i < bytes; i++, bits += 8)
		if (a[i] != b[i])
			return bits + (unsigned int)__builtin_clz((uint32_t)(a[i] ^ b[i])) - 24;
	return bits;
}

/* The first of ADDRESSES whose bit BIT is set; there is one. */
static uint32_t parting(const uint8_t (*addresses)[16], uint32_t n, unsigned int bit)
{
	uint32_t low = 0, high = n - 1;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (addresses[middle][bit / 8] & 0x80u >> bit % 8)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static void put_prefix(struct prefixes *out, const uint8_t *address, unsigned int len)
{
	struct prefix *prefix = out->list + out->n++;

	memset(prefix, 0, sizeof(*prefix));
	for (unsigned int i = 0; i < len / 8; i++)
		prefix->at[i] = address[i];
	if (len % 8)
		prefix->at[len / 8] = (uint8_t)(address[len / 8] & 0xff00u >> len % 8);
	prefix->len = (uint8_t)len;
}

/* Its depth is the number of bits of an address, at most. */
static void collapse(struct prefixes *out, const uint8_t (*addresses)[16], uint32_t n,
		     unsigned int bytes, double share)
{
	unsigned int bits = bytes * 8, common = common_bits(addresses[0], addresses[n - 1], bytes);
	unsigned int widest = bytes == 4 ? FLOOR_4 : FLOOR_6;
	uint32_t half;

	if (n == 1 || (share > 0 && common >= widest && n >= ldexp(share, (int)(bits - common)))) {
		put_prefix(out, addresses[0], n == 1 ? bits : common);
		return;
	}
	half = parting(addresses, n, common);
	collapse(out, addresses, half, bytes, share);
	collapse(out, addresses + half, n - half, bytes, share);
}

void prefix_collapse(struct prefixes *out, const uint8_t (*addresses)[16], uint32_t n,
		     unsigned int bytes, double share)
{
	out->n = 0;
	if (n)
		collapse(out, addresses, n, bytes, share);
}

int prefix_print(char *text, size_t size, const struct prefix *prefix, unsigned int bytes)
{
	char address[INET6_ADDRSTRLEN];

	if (!inet_ntop(bytes == 4 ? AF_INET : AF_INET6, prefix->at, address, sizeof(address)))
		return -1;
	if (prefix->len == bytes * 8)
		return snprintf(text, size, "%s", address);
	return snprintf(text, size, "%s/%u", address, prefix->len);
}
