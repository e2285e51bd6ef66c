/* SPDX-License-Identifier: MIT */
/*
 * What each class of AppArmor event says as a rule.
 *
 * Words that have a closed list (capabilities, families, signals, flags of mounts, limits) are
 * looked up in it, so that a word of the log's never becomes one of the profile's; names go
 * through escape_apparmor(). Rules that the asked-for ABI does not have become comments.
 */
#include "syslogparse/profile.h"

#include <string.h>

#define ABI_4 40u

/* ---- words ---- */

static const char *const families[] = {
	"unix",	   "inet",	"ax25",	   "ipx",    "appletalk", "netrom",   "bridge",
	"atmpvc",  "x25",	"inet6",   "rose",   "netbeui",	  "security", "key",
	"netlink", "packet",	"ash",	   "econet", "atmsvc",	  "rds",      "sna",
	"irda",	   "pppox",	"wanpipe", "llc",    "ib",	  "mpls",     "can",
	"tipc",	   "bluetooth", "iucv",	   "rxrpc",  "isdn",	  "phonet",   "ieee802154",
	"caif",	   "alg",	"nfc",	   "vsock",  "kcm",	  "qipcrtr",  "smc",
	"xdp",	   "mctp",	NULL,
};

static const char *const types[] = { "stream", "dgram",	 "seqpacket", "rdm",
				     "raw",    "packet", "dccp",      NULL };

/* The first four of them take a peer, and the parser refuses one beside the others. */
#define UNIX_PEER 0xfu
static const char *const unix_access[] = { "accept", "connect",	 "receive", "send",   "bind",
					   "create", "getattr",	 "getopt",  "listen", "setattr",
					   "setopt", "shutdown", NULL };
static const char *const signal_access[] = { "receive", "send", NULL };
static const char *const ptrace_access[] = { "read", "readby", "trace", "tracedby", NULL };
static const char *const mqueue_access[] = { "create", "delete",  "getattr", "open",
					     "read",   "setattr", "write",   NULL };
static const char *const dbus_access[] = { "bind", "eavesdrop", "receive", "send", NULL };

static const char *const signals[] = {
	"hup",	 "int",	 "quit", "ill",	 "trap", "abrt",   "bus",    "fpe",    "kill",
	"usr1",	 "segv", "usr2", "pipe", "alrm", "term",   "stkflt", "chld",   "cont",
	"stop",	 "stp",	 "ttin", "ttou", "urg",	 "xcpu",   "xfsz",   "vtalrm", "prof",
	"winch", "io",	 "pwr",	 "sys",	 "emt",	 "exists", NULL,
};

static const char *const mount_flags[] = {
	"async",      "atime",	    "bind",	  "dev",	   "diratime",
	"dirsync",    "exec",	    "iversion",	  "loud",	   "mand",
	"move",	      "noatime",    "nodev",	  "nodiratime",	   "noexec",
	"noiversion", "nomand",	    "norelatime", "nostrictatime", "nosuid",
	"private",    "rbind",	    "relatime",	  "remount",	   "ro",
	"rprivate",   "rshared",    "rslave",	  "runbindable",   "rw",
	"shared",     "silent",	    "slave",	  "strictatime",   "suid",
	"sync",	      "unbindable", NULL,
};

static const char *const limits[] = {
	"as",	  "core",  "cpu", "data",   "fsize",  "locks",	    "memlock", "msgqueue",
	"nofile", "nproc", "rss", "rtprio", "rttime", "sigpending", "stack",   NULL,
};

static bool digits_only(struct bytes text)
{
	for (uint32_t i = 0; i < text.len; i++)
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
	return text.len > 0 && text.len < 20;
}

static int find_word(const char *const *table, struct bytes word)
{
	for (int i = 0; table[i]; i++)
		if (bytes_are(word, table[i]))
			return i;
	return -1;
}

static bool separator(char c)
{
	return c == ' ' || c == ',';
}

/*
 * The words of TEXT that are in TABLE, as bits, and in OTHERS whether there was one that is not
 * (if TABLE has more than 64 words, the author of TABLE learns it from the test).
 */
static uint64_t find_words(const char *const *table, struct bytes text, bool *others)
{
	uint64_t found = 0;

	*others = false;
	for (uint32_t at = 0, end; at < text.len; at = end + 1) {
		int word;

		for (end = at; end < text.len && !separator(text.at[end]); end++)
			;
		if (end == at)
			continue;
		word = find_word(table, (struct bytes){ text.at + at, end - at });
		if (word < 0)
			*others = true;
		else
			found |= (uint64_t)1 << word;
	}
	return found;
}

/* "send", or "(receive, send)"; ALWAYS in brackets. */
static const char *put_words(struct pool *pool, const char *const *table, uint64_t bits,
			     bool always)
{
	bool many = always || (bits & (bits - 1)) != 0;
	const char *text = many ? "(" : "", *sep = "";

	for (unsigned int i = 0; table[i]; i++) {
		if (!(bits >> i & 1))
			continue;
		text = pool_printf(pool, "%s%s%s", text ? text : "", sep, table[i]);
		sep = ", ";
	}
	return many ? pool_printf(pool, "%s)", text ? text : "") : text;
}

/* " KEY=NAME", "" if there is no name, NULL if it cannot be written. */
static const char *put_name(struct pool *pool, const char *key, struct bytes name)
{
	char *text;

	if (!name.at || !name.len)
		return "";
	text = escape_apparmor(pool, name);
	return text ? pool_printf(pool, " %s=%s", key, text) : NULL;
}

/* ---- the classes: the rule without its comma, or NULL and why there is none ---- */

struct making {
	struct aa_row *row;
	const struct aa_event *event;
	const struct options *options;
	struct pool *pool;
	const char *why;
	bool second, more; /* of two rules that one event needs */
};

static const char *fail(struct making *m, const char *why)
{
	m->why = why;
	return NULL;
}

static const char *access_of(struct making *m, const char *const *table)
{
	struct bytes words = m->event->denied;
	uint64_t bits;
	bool others;

	if (!words.at)
		return fail(m, "it does not say what was denied");
	bits = find_words(table, words, &others);
	if (!bits || others)
		return fail(m, "an access that is not known");
	return put_words(m->pool, table, bits, false);
}

static const char *make_capability(struct making *m)
{
	m->row->order = ROW_CAPABILITY;
	if (!danger_capability(&m->row->danger, m->event->capname))
		return fail(m, "a capability that is not known");
	return pool_printf(m->pool, "capability %.*s", (int)m->event->capname.len,
			   m->event->capname.at);
}

static const char *make_network(struct making *m)
{
	int family = find_word(families, m->event->family);
	int type = find_word(types, m->event->sock_type);

	m->row->order = ROW_NETWORK;
	if (family < 0)
		return fail(m, "a network family that is not known");
	danger_network(&m->row->danger, families[family], type < 0 ? "" : types[type]);
	if (!m->event->sock_type.at)
		return pool_printf(m->pool, "network %s", families[family]);
	if (type < 0)
		return fail(m, "a type of socket that is not known");
	return pool_printf(m->pool, "network %s %s", families[family], types[type]);
}

static bool named(struct bytes address)
{
	return address.at && address.len && !bytes_are(address, "none");
}

/* A socket with a path is a file to AppArmor; a rule can name the abstract ones. */
static bool good_address(struct bytes address)
{
	return !named(address) || bytes_start(address, "@");
}

/* Those that take a peer and those that do not are two rules, if there is a peer. */
static const char *make_unix(struct making *m)
{
	const struct aa_event *e = m->event;
	const char *addr = named(e->addr) ? put_name(m->pool, "addr", e->addr) : "";
	const char *peer = named(e->peer_addr) ? put_name(m->pool, "addr", e->peer_addr) : "";
	int type = find_word(types, e->sock_type);
	uint64_t bits;
	bool unknown;

	m->row->order = ROW_UNIX;
	if (!e->denied.at)
		return fail(m, "it does not say what was denied");
	bits = find_words(unix_access, e->denied, &unknown);
	if (!bits || unknown)
		return fail(m, "an access that is not known");
	if (!addr || !peer || !good_address(e->addr) || !good_address(e->peer_addr))
		return fail(m, "an address that cannot be written");
	if (*peer && bits & UNIX_PEER && bits & ~(uint64_t)UNIX_PEER) {
		bits &= m->second ? ~(uint64_t)UNIX_PEER : UNIX_PEER;
		m->more = !m->second;
	}
	if (!(bits & UNIX_PEER))
		peer = "";
	danger_add(&m->row->danger, 2, "talks to other programs");
	return pool_printf(m->pool, "unix %s%s%s%s%s%s%s",
			   put_words(m->pool, unix_access, bits, false),
			   type < 0 ? "" : " type=", type < 0 ? "" : types[type], addr,
			   *peer ? " peer=(" : "", *peer ? peer + 1 : "", *peer ? ")" : "");
}

static const char *make_signal(struct making *m)
{
	const char *access = access_of(m, signal_access);
	const char *peer = put_name(m->pool, "peer", m->event->peer);
	int signal = find_word(signals, m->event->signal);
	struct bytes real = m->event->signal;
	char set[16] = "";

	m->row->order = ROW_SIGNAL;
	if (bytes_start(real, "rtmin+") && real.len <= 8 &&
	    plain_word((struct bytes){ real.at + 6, real.len - 6 }, ""))
		snprintf(set, sizeof(set), "%.*s", (int)real.len, real.at);
	else if (signal >= 0)
		snprintf(set, sizeof(set), "%s", signals[signal]);
	if (!access)
		return NULL;
	if (!*set)
		return fail(m, "a signal that is not known");
	if (!peer)
		return fail(m, "a peer that cannot be written");
	danger_add(&m->row->danger, *peer ? 1 : 4,
		   *peer ? "signals to one profile" : "signals to any program");
	return pool_printf(m->pool, "signal %s set=%s%s", access, set, peer);
}

static const char *make_ptrace(struct making *m)
{
	const char *access = access_of(m, ptrace_access);
	const char *peer = put_name(m->pool, "peer", m->event->peer);

	m->row->order = ROW_PTRACE;
	if (!access)
		return NULL;
	if (!peer)
		return fail(m, "a peer that cannot be written");
	if (!strcmp(access, "read") || !strcmp(access, "readby"))
		danger_add(&m->row->danger, 4, "reads other processes");
	else
		danger_add(&m->row->danger, 8, "controls other processes");
	return pool_printf(m->pool, "ptrace %s%s", access, peer);
}

static const char *make_mqueue(struct making *m)
{
	const struct aa_event *e = m->event;
	const char *access = access_of(m, mqueue_access);
	bool sysv = bytes_are(e->operation, "sysv_mqueue") ||
		    (e->name.at && !bytes_start(e->name, "/"));
	const char *name = e->name.at ? escape_apparmor(m->pool, e->name) : "";

	m->row->order = ROW_MQUEUE;
	danger_add(&m->row->danger, 2, "talks to other programs");
	if (!access)
		return NULL;
	if (!name)
		return fail(m, "a name that cannot be written");
	if (sysv && e->name.at && !digits_only(e->name))
		return fail(m, "a name that is no queue's");
	if (m->options->abi < ABI_4)
		return fail(m, "message queues need AppArmor 4.0");
	return pool_printf(m->pool, "mqueue %s type=%s%s%s", access, sysv ? "sysv" : "posix",
			   *name ? " " : "", name);
}

static const char *make_userns(struct making *m)
{
	m->row->order = ROW_OTHER;
	danger_add(&m->row->danger, 7, "user namespaces open up the kernel");
	if (m->options->abi < ABI_4)
		return fail(m, "user namespaces need AppArmor 4.0");
	return "userns create";
}

static const char *make_io_uring(struct making *m)
{
	const struct aa_event *e = m->event;
	struct bytes label = e->peer.at ? e->peer : e->target;
	const char *text = put_name(m->pool, "label", label);

	m->row->order = ROW_OTHER;
	danger_add(&m->row->danger, 7, "io_uring opens up the kernel");
	if (!text)
		return fail(m, "a label that cannot be written");
	if (m->options->abi < ABI_4)
		return fail(m, "io_uring needs AppArmor 4.0");
	if (bytes_are(e->denied, "sqpoll"))
		return "io_uring sqpoll";
	if (bytes_are(e->denied, "override_creds"))
		return pool_printf(m->pool, "io_uring override_creds%s", text);
	return fail(m, "an access that is not known");
}

static const char *make_dbus(struct making *m)
{
	const struct aa_event *e = m->event;
	const char *access = access_of(m, dbus_access);
	const char *bus = put_name(m->pool, "bus", e->bus);
	const char *name = "", *path = "", *interface = "", *member = "", *peer = "";

	m->row->order = ROW_DBUS;
	if (!access)
		return NULL;
	danger_add(&m->row->danger, bytes_are(e->bus, "system") ? 4 : 3,
		   bytes_are(e->bus, "system") ? "talks to system services" :
						 "talks to the session's services");
	if (bytes_are(e->denied, "bind")) {
		name = put_name(m->pool, "name", e->name);
	} else if (!bytes_are(e->denied, "eavesdrop")) {
		path = put_name(m->pool, "path", e->path);
		interface = put_name(m->pool, "interface", e->interface);
		member = put_name(m->pool, "member", e->member);
		peer = put_name(m->pool, "label", e->peer);
	}
	if (!bus || !name || !path || !interface || !member || !peer)
		return fail(m, "a name that cannot be written");
	return pool_printf(m->pool, "dbus %s%s%s%s%s%s%s%s%s", access, bus, name, path, interface,
			   member, *peer ? " peer=(" : "", *peer ? peer + 1 : "", *peer ? ")" : "");
}

static const char *make_rlimit(struct making *m)
{
	const struct aa_event *e = m->event;
	int limit = find_word(limits, e->rlimit);

	m->row->order = ROW_RLIMIT;
	danger_add(&m->row->danger, 1, "raises a limit");
	if (limit < 0 || !digits_only(e->value))
		return fail(m, "a limit that is not known");
	return pool_printf(m->pool, "set rlimit %s <= %.*s", limits[limit], (int)e->value.len,
			   e->value.at);
}

/* A hat is not allowed by a rule but by being there. */
static const char *make_change(struct making *m)
{
	const struct aa_event *e = m->event;
	struct bytes to = e->target.at ? e->target : e->name;
	const char *text;

	m->row->order = ROW_CHANGE;
	if (bytes_are(e->profile, "unconfined"))
		return fail(m, "an unconfined process");
	if (e->info.at && bytes_start(e->info, "label not found"))
		return fail(m, "there is no such profile");
	if (bytes_start(e->operation, "change_hat"))
		return fail(m, "a hat: add it to the profile");
	if (!bytes_start(e->operation, "change_"))
		return fail(m, "a stack of profiles");
	if (!to.at)
		return fail(m, "it has no name");
	text = escape_apparmor(m->pool, to);
	if (!text)
		return fail(m, "a name that cannot be written");
	danger_add(&m->row->danger, bytes_are(to, "unconfined") ? 10 : 4,
		   bytes_are(to, "unconfined") ? "leaves all confinement" : "changes its profile");
	return pool_printf(m->pool, "change_profile -> %s", text);
}

/* ---- mounts ---- */

static const char *put_path(struct making *m, struct bytes path)
{
	const char *text = bytes_start(path, "/") ? escape_apparmor(m->pool, path) : NULL;

	return text ? text : fail(m, "a path that is missing or cannot be written");
}

static const char *make_pivot_root(struct making *m)
{
	const char *name = put_path(m, m->event->name);
	const char *old = m->event->srcname.at ? put_path(m, m->event->srcname) : "";

	danger_add(&m->row->danger, 8, "changes the root");
	if (!name || !old)
		return NULL;
	return pool_printf(m->pool, "pivot_root%s%s %s", *old ? " oldroot=" : "", old, name);
}

/*
 * What an event has beside FLAGS. The kernel looks at no more than that, says no more, and the
 * parser makes no rule of more: a mount that is moved or bound has a source, one whose
 * kind or flags change has none, and neither has a type of file system.
 */
static bool suits_flags(const struct aa_event *e, uint64_t flags)
{
	bool others;
	const uint64_t moves = find_words(mount_flags, BYTES("bind rbind move"), &others);
	const uint64_t changes =
		find_words(mount_flags,
			   BYTES("remount private rprivate shared rshared slave rslave unbindable "
				 "runbindable"),
			   &others);

	if (!(flags & (moves | changes)))
		return true;
	return !e->fstype.len && ((flags & moves) || !e->srcname.len);
}

static const char *make_mount(struct making *m)
{
	const struct aa_event *e = m->event;
	const char *name, *from = "", *type, *options = "";
	uint64_t flags;
	bool others;

	m->row->order = ROW_MOUNT;
	if (bytes_are(e->operation, "pivotroot") || bytes_are(e->operation, "pivot_root"))
		return make_pivot_root(m);
	name = put_path(m, e->name);
	if (!name)
		return NULL;
	if (bytes_are(e->operation, "umount")) {
		danger_add(&m->row->danger, 6, "uncovers what a mount hides");
		return pool_printf(m->pool, "umount %s", name);
	}
	danger_add(&m->row->danger, 9, "changes the file tree");
	flags = find_words(mount_flags, e->flagtext, &others);
	if (others)
		return fail(m, "a mount flag that is not known");
	if (!suits_flags(e, flags))
		return fail(m, "a mount that no kernel tells of in this way");
	type = put_name(m->pool, "fstype", e->fstype);
	if (!type)
		return fail(m, "a file system that cannot be written");
	if (flags)
		options = pool_printf(m->pool, " options=%s",
				      put_words(m->pool, mount_flags, flags, true));
	if (e->srcname.at && e->srcname.len) {
		from = escape_apparmor(m->pool, e->srcname);
		if (!from)
			return fail(m, "a source that cannot be written");
	}
	return pool_printf(m->pool, "mount%s%s%s%s -> %s", type, options, *from ? " " : "", from,
			   name);
}

/* ---- all of it ---- */

static const char *make_other(struct making *m)
{
	return fail(m, "no rule allows it");
}

static const char *(*const makers[])(struct making *m) = {
	[AA_CAP] = make_capability, [AA_NET] = make_network,	   [AA_UNIX] = make_unix,
	[AA_MOUNT] = make_mount,    [AA_PTRACE] = make_ptrace,	   [AA_SIGNAL] = make_signal,
	[AA_MQUEUE] = make_mqueue,  [AA_IO_URING] = make_io_uring, [AA_USERNS] = make_userns,
	[AA_RLIMIT] = make_rlimit,  [AA_DBUS] = make_dbus,	   [AA_CHANGE] = make_change,
	[AA_OTHER] = make_other,
};

void profile_note(struct aa_row *row, const struct aa_event *event, const char *why,
		  struct pool *pool)
{
	const char *operation = escape_text(pool, event->operation);
	const char *name = escape_text(pool, event->name);

	row->order = ROW_NOTE;
	row->owner = false;
	row->perms = 0;
	memset(&row->danger, 0, sizeof(row->danger));
	row->text = pool_printf(pool, "no rule for %s%s%s: %s", operation ? operation : "",
				name && *name ? " " : "", name ? name : "", why);
}

bool profile_rule(struct aa_row *row, const struct aa_event *event, bool second,
		  const struct options *options, struct pool *pool)
{
	struct making m = { row, event, options, pool, "no memory", second, false };

	row->text = makers[event->class](&m);
	if (!row->text)
		profile_note(row, event, m.why, pool);
	return m.more;
}
