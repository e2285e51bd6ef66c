/* SPDX-License-Identifier: MIT */
/*
 * Lines and events as text, so that tests are tables of text; and a tally that keeps such
 * texts, for programs that test the reader alone.
 */
#ifndef TESTS_SYSLOGPARSE_DESCRIBE_H
#define TESTS_SYSLOGPARSE_DESCRIBE_H

#include "syslogparse/input.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#define maybe_unused __attribute__((unused))

#define DESCRIPTION  4096

struct text {
	char at[DESCRIPTION];
	size_t len;
};

static maybe_unused __attribute__((format(printf, 2, 3))) void add(struct text *t,
								   const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->at + t->len, sizeof(t->at) - t->len, format, args);
	va_end(args);
	if (n > 0)
		t->len += (size_t)n < sizeof(t->at) - t->len ? (size_t)n : 0;
}

/* " KEY=VALUE" if it is there; bytes that are no ASCII as \xNN. */
static maybe_unused void add_bytes(struct text *t, const char *key, const struct bytes *b)
{
	if (!b->at)
		return;
	add(t, " %s=", key);
	for (uint32_t i = 0; i < b->len; i++) {
		unsigned char c = (unsigned char)b->at[i];

		if (c < ' ' || c > '~')
			add(t, "\\x%02x", c);
		else
			add(t, "%c", c);
	}
}

static maybe_unused void add_if(struct text *t, const char *key, const struct bytes *b)
{
	if (b->len)
		add_bytes(t, key, b);
}

static maybe_unused const char *describe_net(struct text *t, const struct net_event *e)
{
	static const char *const directions[] = { "in", "out", "forward" };
	static const char *const flags[] = { "fragment", "multicast", "reply", NULL,  NULL,
					     NULL,	 NULL,	      "arp",   "ufw", "related" };
	static const char tcp[] = "FSRPAUECX";
	char src[64], dst[64];
	int family = e->family == 6 ? AF_INET6 : AF_INET;

	t->len = 0;
	add(t, "%s ip%u proto %u", directions[e->direction], e->family, e->proto);
	inet_ntop(family, e->src, src, sizeof(src));
	inet_ntop(family, e->dst, dst, sizeof(dst));
	add(t, " %s > %s len %u", src, dst, e->len);
	if (e->flags & NET_HAS_PORTS)
		add(t, " ports %u > %u", e->sport, e->dport);
	if (e->flags & NET_HAS_ICMP)
		add(t, " type %u code %u", e->icmp_type, e->icmp_code);
	for (unsigned int i = 0; e->tcp && i < 9; i++)
		add(t, "%s%s", i ? "" : " ", e->tcp >> i & 1 ? (char[2]){ tcp[i], 0 } : "");
	if (e->flags & NET_HAS_UID)
		add(t, " uid %u gid %u", e->uid, e->gid);
	if (e->flags & NET_HAS_MARK)
		add(t, " mark 0x%x", e->mark);
	for (unsigned int i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		if (flags[i] && (e->flags >> i & 1))
			add(t, " %s", flags[i]);
	}
	add_if(t, "in", &e->in);
	add_if(t, "out", &e->out);
	add_if(t, "physin", &e->physin);
	add_if(t, "physout", &e->physout);
	add_if(t, "mac", &e->mac);
	add_if(t, "prefix", &e->prefix);
	return t->at;
}

static const struct {
	const char *name;
	size_t at;
} maybe_unused aa_texts[] = {
#define ROW(field)                                       \
	{                                                \
#field, offsetof(struct aa_event, field) \
	}
	ROW(operation), ROW(info),	 ROW(namespace), ROW(profile), ROW(label),
	ROW(name),	ROW(comm),	 ROW(requested), ROW(denied),  ROW(target),
	ROW(peer),	ROW(peer_label), ROW(capname),	 ROW(family),  ROW(sock_type),
	ROW(protocol),	ROW(laddr),	 ROW(faddr),	 ROW(addr),    ROW(peer_addr),
	ROW(fstype),	ROW(srcname),	 ROW(flagtext),	 ROW(options), ROW(signal),
	ROW(rlimit),	ROW(value),	 ROW(execpath),	 ROW(bus),     ROW(path),
	ROW(interface), ROW(member),
#undef ROW
};

static maybe_unused const char *describe_aa(struct text *t, const struct aa_event *e)
{
	static const char *const types[] = { "allowed", "denied", "audit",  "hint",
					     "status",	"error",  "killed", "auto" };
	static const char *const classes[] = { "file",	 "cap",	   "net",    "unix",	 "mount",
					       "ptrace", "signal", "mqueue", "io_uring", "userns",
					       "rlimit", "dbus",   "change", "other" };

	t->len = 0;
	add(t, "%s %s", types[e->type], classes[e->class]);
	if (e->audit_us != TIME_UNKNOWN)
		add(t, " at %" PRId64 ".%03u", e->audit_us / 1000000,
		    (unsigned int)(e->audit_us / 1000 % 1000));
	if (e->serial)
		add(t, ":%" PRIu64, e->serial);
	if (e->error)
		add(t, " error %d", e->error);
	if (e->pid)
		add(t, " pid %u", e->pid);
	if (e->flags & AA_HAS_FSUID)
		add(t, " fsuid %u", e->fsuid);
	if (e->flags & AA_HAS_OUID)
		add(t, " ouid %u", e->ouid);
	if (e->flags & AA_HAS_PORT)
		add(t, " ports %u %u", e->lport, e->fport);
	for (size_t i = 0; i < sizeof(aa_texts) / sizeof(*aa_texts); i++)
		add_bytes(t, aa_texts[i].name,
			  (const struct bytes *)(const void *)((const char *)e + aa_texts[i].at));
	return t->at;
}

static maybe_unused const char *describe_line(struct text *t, const struct line *line)
{
	static const char *const origins[] = { "audit.log", "journal", "kernel", "process" };

	t->len = 0;
	add(t, "%s", origins[line->origin]);
	if (line->time_us != TIME_UNKNOWN)
		add(t, " %" PRId64 ".%06u", line->time_us / 1000000,
		    (unsigned int)(line->time_us % 1000000));
	if (line->serial)
		add(t, " serial %" PRIu64, line->serial);
	if (line->repeat != 1)
		add(t, " x%u", line->repeat);
	if (line->flags)
		add(t, " cut");
	add_if(t, "host", &line->host);
	add_if(t, "ident", &line->ident);
	add_bytes(t, "text", &line->text);
	return t->at;
}

#endif
