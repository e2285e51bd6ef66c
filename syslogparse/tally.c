/* SPDX-License-Identifier: MIT */
/*
 * The tally: each event that differs from all others, once, with how often and when it came.
 *
 * A record's key is the bytes that key.c keeps of an event, so that one table serves packets
 * and AppArmor, and so that keys can be compared and sorted without knowing what they are.
 * Memory grows with the records and with nothing else. The order in which events come does not
 * show: counts are sums, times are bounds, samples are the lowest, and tally_list() sorts.
 *
 * The same event is often in audit.log, kern.log and syslog at once. audit(TIME:SERIAL) tells;
 * a set of hashes of (time, serial, key) remembers which were counted. The set is bounded: when
 * more than SEEN_MAX different ones came, it is of no use, and counts are of lines again. Whether
 * that happens depends on how many there are, not on the order or on who met them.
 *
 * A log's writer chooses the keys, so the hash is keyed, with the bytes that the kernel gives
 * each process (AT_RANDOM); they cost no system call, which a confined process may not have.
 */
#include "syslogparse/output.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#define KEY_BLOCK (1u << 18)
#define SEEN_MAX  (1u << 18)
#define SEEN_ROOM (SEEN_MAX * 2)
#define FIRST	  1024u

struct key_block {
	struct key_block *next;
	unsigned char bytes[];
};

struct slot {
	uint32_t tag;  /* of the hash */
	uint32_t next; /* index of the record, plus one; 0: free */
};

struct sight {
	uint64_t id; /* 0: none */
	uint32_t record;
};

/*
 * The latest one is put into its slot when the next one comes; until then the slot is on its way
 * from memory, which takes as long as parsing half a line does.
 */
struct seen {
	struct sight latest;
	uint32_t n, room; /* of slots; a power of two */
	bool flooded;	  /* more than SEEN_MAX */
	struct sight *slots;
};

struct tally {
	struct record *records;
	struct slot *slots;
	uint32_t n, room, mask;
	struct key_block *blocks;
	size_t left; /* in the first block, at its end */
	uint64_t seed[2];
	struct seen *seen;	/* apart: settled in a tally that is const, too */
	unsigned char *scratch; /* AA_KEY_MAX */
};

/* ---- the hash ---- */

static_assert(AA_KEY_MAX < KEY_BLOCK, "any key fits in an empty block");

static uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t word_at(const unsigned char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static uint64_t hash_key(const struct tally *t, const unsigned char *key, uint32_t len)
{
	uint64_t hash = t->seed[0] ^ len;
	unsigned char tail[16] = { 0 };

	for (; len >= 16; key += 16, len -= 16)
		hash = mix(word_at(key) ^ t->seed[1], word_at(key + 8) ^ hash);
	memcpy(tail, key, len);
	hash = mix(word_at(tail) ^ t->seed[1], word_at(tail + 8) ^ hash);
	return mix(hash ^ 0x9e3779b97f4a7c15u, t->seed[1]);
}

/* ---- evidence ---- */

static bool sample_before(const struct evidence *e, unsigned int i, uint64_t line, uint16_t source)
{
	if (!e->sample[i])
		return false;
	return e->source[i] != source ? e->source[i] < source : e->sample[i] <= line;
}

static void sample_add(struct evidence *e, uint64_t line, uint16_t source)
{
	unsigned int at = 0;

	if (!line)
		return;
	while (at < SAMPLES && sample_before(e, at, line, source))
		at++;
	if (at == SAMPLES || (at && e->sample[at - 1] == line && e->source[at - 1] == source))
		return;
	for (unsigned int i = SAMPLES - 1; i > at; i--) {
		e->sample[i] = e->sample[i - 1];
		e->source[i] = e->source[i - 1];
	}
	e->sample[at] = line;
	e->source[at] = source;
}

static void time_add(struct evidence *e, int64_t time_us)
{
	if (time_us == TIME_UNKNOWN)
		return;
	if (e->first_us == TIME_UNKNOWN || time_us < e->first_us)
		e->first_us = time_us;
	if (e->last_us == TIME_UNKNOWN || time_us > e->last_us)
		e->last_us = time_us;
}

/* An evidence of nothing: all zero, with a count of zero, is one too. */
static void evidence_ready(struct evidence *e)
{
	if (e->count)
		return;
	e->first_us = TIME_UNKNOWN;
	e->last_us = TIME_UNKNOWN;
}

void evidence_note(struct evidence *into, const struct line *line, unsigned int source)
{
	evidence_ready(into);
	into->count += line->repeat ? line->repeat : 1;
	time_add(into, line->time_us);
	sample_add(into, line->number, (uint16_t)source);
}

void evidence_join(struct evidence *into, const struct evidence *from)
{
	if (!from->count)
		return;
	evidence_ready(into);
	into->count += from->count;
	time_add(into, from->first_us);
	time_add(into, from->last_us);
	for (unsigned int i = 0; i < SAMPLES; i++)
		sample_add(into, from->sample[i], from->source[i]);
}

/* ---- records ---- */

static void slot_put(struct tally *t, uint64_t hash, uint32_t index)
{
	uint32_t at = (uint32_t)hash & t->mask;

	while (t->slots[at].next)
		at = (at + 1) & t->mask;
	t->slots[at].tag = (uint32_t)(hash >> 32);
	t->slots[at].next = index + 1;
}

static int grow(struct tally *t)
{
	uint32_t room = t->room ? t->room * 2 : FIRST;
	struct record *records;
	struct slot *slots;

	if (room > UINT32_MAX / 4)
		return -ENOMEM;
	records = realloc(t->records, room * sizeof(*records));
	if (!records)
		return -ENOMEM;
	t->records = records;
	slots = calloc(room * 2, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	free(t->slots);
	t->slots = slots;
	t->room = room;
	t->mask = room * 2 - 1;
	for (uint32_t i = 0; i < t->n; i++)
		slot_put(t, t->records[i].hash, i);
	return 0;
}

static unsigned char *keep_key(struct tally *t, const unsigned char *key, uint32_t len)
{
	unsigned char *kept;

	if (len > t->left) {
		struct key_block *block = malloc(sizeof(*block) + KEY_BLOCK);

		if (!block)
			return NULL;
		block->next = t->blocks;
		t->blocks = block;
		t->left = KEY_BLOCK;
	}
	kept = t->blocks->bytes + (KEY_BLOCK - t->left);
	memcpy(kept, key, len);
	t->left -= len;
	return kept;
}

static struct record *find(struct tally *t, uint64_t hash, const unsigned char *key, uint32_t len)
{
	uint32_t at = (uint32_t)hash & t->mask;

	for (; t->slots[at].next; at = (at + 1) & t->mask) {
		struct record *record = t->records + t->slots[at].next - 1;

		if (t->slots[at].tag == (uint32_t)(hash >> 32) && record->len == len &&
		    !memcmp(record->key, key, len))
			return record;
	}
	return NULL;
}

static struct record *find_or_add(struct tally *t, uint64_t hash, const unsigned char *key,
				  uint32_t len)
{
	struct record *record = t->n ? find(t, hash, key, len) : NULL;
	unsigned char *kept;

	if (record)
		return record;
	if (t->n == t->room && grow(t))
		return NULL;
	kept = keep_key(t, key, len);
	if (!kept)
		return NULL;
	record = t->records + t->n;
	memset(record, 0, sizeof(*record));
	record->hash = hash;
	record->key = kept;
	record->len = len;
	slot_put(t, hash, t->n++);
	return record;
}

/* ---- the same event in several logs ---- */

/* The slot that has this ID, or the one where it would be. */
static struct sight *sight_slot(struct sight *slots, uint32_t room, uint64_t id)
{
	uint32_t at = (uint32_t)id & (room - 1);

	while (slots[at].id && slots[at].id != id)
		at = (at + 1) & (room - 1);
	return slots + at;
}

static void release(struct seen *seen)
{
	if (seen->slots)
		munmap(seen->slots, seen->room * sizeof(*seen->slots));
}

/*
 * Have room for N in all: with pages that are there already. Of others, each would be read first,
 * so be the kernel's page of zeros until it is written to, and for that change all threads are
 * interrupted, page by page.
 */
static int reserve(struct seen *seen, uint32_t n)
{
	uint32_t room = seen->room ? seen->room : FIRST;
	struct sight *slots;

	while (room < SEEN_ROOM && n > room / 2)
		room *= 2;
	if (room == seen->room)
		return 0;
	slots = mmap(NULL, room * sizeof(*slots), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (slots == MAP_FAILED)
		return -errno;
	for (uint32_t i = 0; i < seen->room; i++)
		if (seen->slots[i].id)
			*sight_slot(slots, room, seen->slots[i].id) = seen->slots[i];
	release(seen);
	seen->slots = slots;
	seen->room = room;
	return 0;
}

/* The latest one counts, if it is the first of its id. */
static void settle(const struct tally *t)
{
	struct seen *seen = t->seen;
	struct sight *slot;

	if (!seen->latest.id || seen->flooded)
		return;
	slot = sight_slot(seen->slots, seen->room, seen->latest.id);
	if (!slot->id) {
		*slot = seen->latest;
		t->records[slot->record].unique++;
		seen->flooded = ++seen->n > SEEN_MAX;
	}
	seen->latest.id = 0;
}

/* One more line of RECORD's with this ID. */
static int see(struct tally *t, uint64_t id, uint32_t record)
{
	struct seen *seen = t->seen;
	int ret;

	settle(t);
	ret = reserve(seen, seen->n + 1);
	if (ret)
		return ret;
	seen->latest = (struct sight){ id | !id, record };
	__builtin_prefetch(&seen->slots[id & (seen->room - 1)], 1);
	return 0;
}

/* ---- the interface ---- */

struct tally *tally_new(const struct options *options)
{
	struct tally *t = calloc(1, sizeof(*t));
	const void *random = (const void *)getauxval(AT_RANDOM); /* NOLINT: it is an address */

	if (!t)
		return NULL;
	if (random)
		memcpy(t->seed, random, sizeof(t->seed));
	t->seed[1] |= 1; /* a factor of zero would lose everything */
	t->seen = calloc(1, sizeof(*t->seen));
	if (t->seen && options->what == WHAT_APPARMOR)
		t->scratch = malloc(AA_KEY_MAX);
	if (t->seen && (t->scratch || options->what != WHAT_APPARMOR))
		return t;
	free(t->seen);
	free(t);
	return NULL;
}

static int add_packet(struct tally *t, const struct event *event, unsigned int source)
{
	struct record *record;
	struct net_key key;

	net_key(&key, &event->net);
	record = find_or_add(t, hash_key(t, (unsigned char *)&key, sizeof(key)),
			     (unsigned char *)&key, sizeof(key));
	if (!record)
		return -ENOMEM;
	record->seen |= event->net.flags & NET_UFW;
	evidence_note(&record->evidence, event->line, source);
	return 0;
}

static int add_apparmor(struct tally *t, const struct event *event, unsigned int source)
{
	const struct aa_event *aa = &event->aa;
	struct record *record;
	uint64_t hash;
	uint32_t len;
	int ret = aa_pack(t->scratch, &len, aa);

	if (ret)
		return ret;
	hash = hash_key(t, t->scratch, len);
	record = find_or_add(t, hash, t->scratch, len);
	if (!record)
		return -ENOMEM;
	evidence_note(&record->evidence, event->line, source);
	if (!aa->serial)
		return 0;
	record->serial += event->line->repeat ? event->line->repeat : 1;
	return see(t, mix(hash ^ aa->serial, (uint64_t)aa->audit_us ^ t->seed[1]),
		   (uint32_t)(record - t->records));
}

int tally_add(struct tally *tally, const struct event *event, unsigned int source)
{
	if (event->what == WHAT_FIREWALL)
		return add_packet(tally, event, source);
	return add_apparmor(tally, event, source);
}

/* Room for all comes first: in the order of the slots, the first ones of a small table fill up. */
static int merge_seen(struct tally *into, const struct tally *from, const uint32_t *index)
{
	const struct sight *slots = from->seen->slots;
	int ret;

	settle(from);
	ret = reserve(into->seen, into->seen->n + from->seen->n + 1);
	for (uint32_t i = 0; !ret && i < from->seen->room; i++)
		if (slots[i].id)
			ret = see(into, slots[i].id, index[slots[i].record]);
	into->seen->flooded |= from->seen->flooded;
	return ret;
}

static void clear(struct tally *t)
{
	while (t->blocks) {
		struct key_block *next = t->blocks->next;

		free(t->blocks);
		t->blocks = next;
	}
	free(t->records);
	free(t->slots);
	release(t->seen);
	t->records = NULL;
	t->slots = NULL;
	*t->seen = (struct seen){ 0 };
	t->n = t->room = t->mask = 0;
	t->left = 0;
}

int tally_merge(struct tally *into, struct tally *from)
{
	uint32_t *index = malloc((from->n + 1) * sizeof(*index));
	int ret = index ? 0 : -ENOMEM;

	for (uint32_t i = 0; !ret && i < from->n; i++) {
		const struct record *theirs = from->records + i;
		struct record *ours = find_or_add(into, theirs->hash, theirs->key, theirs->len);

		if (!ours) {
			ret = -ENOMEM;
			break;
		}
		ours->seen |= theirs->seen;
		ours->serial += theirs->serial;
		evidence_join(&ours->evidence, &theirs->evidence);
		index[i] = (uint32_t)(ours - into->records);
	}
	if (!ret)
		ret = merge_seen(into, from, index);
	free(index);
	clear(from);
	return ret;
}

void tally_free(struct tally *tally)
{
	if (!tally)
		return;
	clear(tally);
	free(tally->seen);
	free(tally->scratch);
	free(tally);
}

static int by_key(const void *left, const void *right)
{
	const struct record *a = *(const struct record *const *)left;
	const struct record *b = *(const struct record *const *)right;
	int order = memcmp(a->key, b->key, a->len < b->len ? a->len : b->len);

	return order ? order : (a->len > b->len) - (a->len < b->len);
}

int tally_list(const struct tally *tally, const struct record ***list, size_t *n)
{
	*list = malloc((tally->n + 1) * sizeof(struct record *));
	if (!*list)
		return -ENOMEM;
	for (uint32_t i = 0; i < tally->n; i++)
		(*list)[i] = tally->records + i;
	qsort(*list, tally->n, sizeof(struct record *), by_key);
	*n = tally->n;
	return 0;
}

struct evidence tally_evidence(const struct tally *tally, const struct record *record)
{
	struct evidence evidence = record->evidence;

	if (!tally_flooded(tally))
		evidence.count -= record->serial - record->unique;
	return evidence;
}

bool tally_flooded(const struct tally *tally)
{
	settle(tally);
	return tally->seen->flooded;
}
