/* SPDX-License-Identifier: MIT */
/*
 * The stamps that lines begin with.
 *
 * RFC 3164's has no year. A log is not written after its file's last change, so the year is
 * the last one that does not put the stamp later than that; or, if its reader says in which
 * year the log begins, months before the first one are of the year after. Both are
 * answered without the lines in between, so that any thread can, and alike.
 *
 * A stamp without a zone is taken as it is written: the sandbox holds no zones.
 */
#include "syslogparse/input.h"

#define SECOND 1000000LL
#define DAY    (86400 * SECOND)

bool take_number(struct cursor *c, uint64_t max, uint64_t *value)
{
	const char *start = c->at;
	uint64_t n = 0;

	while (c->at < c->end && is_digit(*c->at)) {
		unsigned int digit = (unsigned int)(*c->at - '0');

		if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, digit, &n) ||
		    n > max)
			return false;
		c->at++;
	}
	*value = n;
	return c->at > start;
}

bool whole_number(const struct bytes *b, uint64_t max, uint64_t *value)
{
	struct cursor c;

	if (!b->at)
		return false;
	c = (struct cursor){ b->at, b->at + b->len };
	return take_number(&c, max, value) && c.at == c.end;
}

struct moment {
	unsigned int year, month, day, hour, minute, second, micro;
	int zone; /* minutes east of Greenwich */
};

/* Exactly N digits. */
static bool take_digits(struct cursor *c, unsigned int n, unsigned int *value)
{
	unsigned int v = 0;

	if (left(c) < n)
		return false;
	for (unsigned int i = 0; i < n; i++) {
		if (!is_digit(c->at[i]))
			return false;
		v = v * 10 + (unsigned int)(c->at[i] - '0');
	}
	c->at += n;
	*value = v;
	return true;
}

/* Days since 1970 in the Gregorian calendar; the year is made to begin with March. */
static int64_t days_of(unsigned int year, unsigned int month, unsigned int day)
{
	int64_t y = (int64_t)year - (month <= 2);
	int64_t era = y / 400;
	int64_t in_era = y - era * 400;
	int64_t in_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

static int64_t time_of(const struct moment *m)
{
	int64_t seconds = days_of(m->year, m->month, m->day) * 86400;

	seconds += (int64_t)m->hour * 3600 + m->minute * 60 + m->second - m->zone * 60;
	return seconds * SECOND + m->micro;
}

static bool is_moment(const struct moment *m)
{
	return m->month >= 1 && m->month <= 12 && m->day >= 1 && m->day <= 31 && m->hour <= 23 &&
	       m->minute <= 59 && m->second <= 60;
}

static unsigned int month_at(const char *p)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (unsigned int i = 0; i < 12; i++) {
		if (memcmp(p, names + 3 * i, 3) == 0)
			return i + 1;
	}
	return 0;
}

static bool is_weekday(const struct cursor *c)
{
	static const char names[] = "MonTueWedThuFriSatSun";

	for (unsigned int i = 0; left(c) > 3 && i < 7; i++) {
		if (memcmp(c->at, names + 3 * i, 3) == 0)
			return c->at[3] == ' ';
	}
	return false;
}

/* hh:mm:ss, with a fraction of any length after "." or ",". */
static bool take_clock(struct cursor *c, struct moment *m)
{
	unsigned int digit, scale = 100000;

	if (!take_digits(c, 2, &m->hour) || !skip_char(c, ':') || !take_digits(c, 2, &m->minute) ||
	    !skip_char(c, ':') || !take_digits(c, 2, &m->second))
		return false;
	m->micro = 0;
	if (left(c) < 2 || (*c->at != '.' && *c->at != ',') || !is_digit(c->at[1]))
		return true;
	c->at++;
	while (take_digits(c, 1, &digit)) {
		m->micro += digit * scale;
		scale /= 10;
	}
	return true;
}

/* "Z", "+05:30", "-0400", with a space before it or not; " UTC". */
static void take_zone(struct cursor *c, struct moment *m)
{
	struct cursor z = *c;
	unsigned int hours, minutes;
	bool west;

	m->zone = 0;
	if (skip_char(c, 'Z') || skip_literal(c, " UTC"))
		return;
	skip_char(&z, ' ');
	if (left(&z) < 5 || (*z.at != '+' && *z.at != '-'))
		return;
	west = *z.at++ == '-';
	if (!take_digits(&z, 2, &hours))
		return;
	skip_char(&z, ':');
	if (!take_digits(&z, 2, &minutes) || hours > 18 || minutes > 59)
		return;
	m->zone = (int)(hours * 60 + minutes) * (west ? -1 : 1);
	*c = z;
}

static int64_t without_year(const struct calendar *calendar, struct moment *m)
{
	int64_t t;

	if (calendar->year) {
		m->year = calendar->year + (m->month < calendar->first_month);
		return time_of(m);
	}
	if (calendar->latest_us == TIME_UNKNOWN)
		return TIME_UNKNOWN;
	/* A day is left for zones and for clocks that differ; so the year may be the next. */
	m->year = 1971 + (unsigned int)(calendar->latest_us / DAY * 400 / 146097);
	do {
		t = time_of(m);
	} while (t > calendar->latest_us + DAY && m->year-- > 1970);
	return t;
}

/* A year can be between the day and the hour, or after the clock. */
static bool take_year(struct cursor *c, struct moment *m)
{
	struct cursor y = *c;
	unsigned int year;

	if (!skip_char(&y, ' ') || !take_digits(&y, 4, &year) || !skip_char(&y, ' '))
		return false;
	if (year < 1970 || year > 2200)
		return false;
	m->year = year;
	y.at--;
	*c = y;
	return true;
}

/* "Mar  5 10:00:00", which begins RFC 3164's stamp; also "5" with one space or a zero. */
static bool take_bsd_stamp(struct cursor *c, struct moment *m)
{
	uint64_t day;

	if (left(c) < 14)
		return false;
	m->month = month_at(c->at);
	m->year = 0;
	if (m->month == 0 || c->at[3] != ' ')
		return false;
	c->at += 3;
	skip_spaces(c);
	if (!take_number(c, 31, &day))
		return false;
	m->day = (unsigned int)day;
	take_year(c, m);
	if (!skip_char(c, ' ') || !take_clock(c, m) || !is_moment(m))
		return false;
	if (m->year == 0)
		take_year(c, m);
	take_zone(c, m);
	return true;
}

/* "2021-03-25T10:00:00", also with a space in it. */
static bool take_iso_stamp(struct cursor *c, struct moment *m)
{
	if (!take_digits(c, 4, &m->year) || !skip_char(c, '-') || !take_digits(c, 2, &m->month) ||
	    !skip_char(c, '-') || !take_digits(c, 2, &m->day))
		return false;
	if (!skip_char(c, 'T') && !skip_char(c, ' '))
		return false;
	if (!take_clock(c, m) || !is_moment(m) || m->year < 1970)
		return false;
	take_zone(c, m);
	return true;
}

/* "1616161616.123456". */
static bool take_unix_stamp(struct cursor *c, int64_t *time_us)
{
	const char *start = c->at;
	uint64_t seconds;
	unsigned int micro;

	if (!take_number(c, 99999999999, &seconds) || c->at - start < 9 || !skip_char(c, '.') ||
	    !take_digits(c, 6, &micro))
		return false;
	*time_us = (int64_t)seconds * SECOND + micro;
	return true;
}

/* With the day's name; journalctl then writes the zone's name, which says nothing here. */
static bool take_long_stamp(struct cursor *c, struct moment *m)
{
	const char *start = c->at + 4;

	c->at = start;
	if (take_iso_stamp(c, m)) {
		if (c->at[-1] != 'C' && skip_char(c, ' '))
			take_word(c);
		return true;
	}
	c->at = start;
	return take_bsd_stamp(c, m);
}

bool take_stamp(struct cursor *c, const struct calendar *calendar, int64_t *time_us)
{
	struct moment m;
	struct cursor p = *c;

	if (left(c) < 14)
		return false;
	if (is_digit(*c->at)) {
		if (take_unix_stamp(&p, time_us)) {
			*c = p;
			return true;
		}
		p = *c;
		if (!take_iso_stamp(&p, &m))
			return false;
		*time_us = time_of(&m);
	} else if (is_weekday(&p)) {
		if (!take_long_stamp(&p, &m))
			return false;
		*time_us = m.year ? time_of(&m) : without_year(calendar, &m);
	} else {
		if (!take_bsd_stamp(&p, &m))
			return false;
		*time_us = m.year ? time_of(&m) : without_year(calendar, &m);
	}
	*c = p;
	return true;
}

/* "[Thu Mar 25 10:00:00 2021]", as dmesg -T has it, by the clock of where it ran. */
static bool take_dmesg_date(struct cursor *c, int64_t *time_us)
{
	struct moment m = { 0 };
	uint64_t day;

	if (!is_weekday(c) || left(c) < 24)
		return false;
	c->at += 4;
	m.month = month_at(c->at);
	c->at += 3;
	if (!skip_char(c, ' '))
		return false;
	skip_spaces(c);
	if (m.month == 0 || !take_number(c, 31, &day) || !skip_char(c, ' ') || !take_clock(c, &m) ||
	    !skip_char(c, ' ') || !take_digits(c, 4, &m.year))
		return false;
	m.day = (unsigned int)day;
	if (!is_moment(&m) || m.year < 1970)
		return false;
	*time_us = time_of(&m);
	return true;
}

bool take_dmesg_stamp(struct cursor *c, int64_t *time_us)
{
	struct cursor p = *c;
	uint64_t seconds;
	unsigned int micro;

	if (!skip_char(&p, '['))
		return false;
	if (left(&p) && (*p.at == ' ' || is_digit(*p.at))) {
		skip_spaces(&p);
		if (!take_number(&p, UINT32_MAX, &seconds) || !skip_char(&p, '.') ||
		    !take_digits(&p, 6, &micro))
			return false;
	} else if (!take_dmesg_date(&p, time_us)) {
		return false;
	}
	if (!skip_char(&p, ']'))
		return false;
	skip_char(&p, ' ');
	*c = p;
	return true;
}

unsigned int month_of_stamp(struct cursor c)
{
	struct moment m;

	if (is_weekday(&c))
		c.at += 4;
	return take_bsd_stamp(&c, &m) && m.year == 0 ? m.month : 0;
}
