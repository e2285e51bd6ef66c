/* SPDX-License-Identifier: MIT */
/*
 * How dangerous a rule is to load unread: 0 (harmless) to 10 (gives the machine away).
 *
 * The score is a sum of rows of the tables below, no more than 10, and each row that took part
 * gives its reason. The tables are the documentation: nothing else goes in.
 */
#include "syslogparse/output.h"

#include <netinet/in.h>
#include <string.h>

void danger_add(struct danger *danger, unsigned int by, const char *why)
{
	size_t len = strlen(danger->why);

	danger->score = danger->score + by > 10 ? 10 : danger->score + by;
	if (by && len + strlen(why) + 3 < sizeof(danger->why))
		snprintf(danger->why + len, sizeof(danger->why) - len, "%s%s", len ? ", " : "",
			 why);
}

/* ---- the firewall ---- */

static const struct service {
	uint16_t first, last;
	uint8_t danger; /* that it is reached by who should not */
	const char *why;
} services[] = {
	{ 20, 21, 3, "FTP" },
	{ 22, 22, 3, "SSH" },
	{ 23, 23, 6, "telnet" },
	{ 25, 25, 2, "mail" },
	{ 69, 69, 4, "TFTP" },
	{ 111, 111, 5, "portmapper" },
	{ 135, 139, 6, "Windows RPC and NetBIOS" },
	{ 161, 162, 4, "SNMP" },
	{ 389, 389, 4, "LDAP" },
	{ 445, 445, 6, "SMB" },
	{ 512, 514, 7, "r-commands or syslog" },
	{ 623, 623, 7, "IPMI" },
	{ 873, 873, 4, "rsync" },
	{ 1433, 1434, 5, "SQL server" },
	{ 1521, 1521, 5, "Oracle" },
	{ 2049, 2049, 5, "NFS" },
	{ 2375, 2376, 8, "Docker's API" },
	{ 2379, 2380, 7, "etcd" },
	{ 3128, 3128, 4, "proxy" },
	{ 3306, 3306, 5, "MySQL" },
	{ 3389, 3389, 5, "remote desktop" },
	{ 5432, 5432, 5, "PostgreSQL" },
	{ 5555, 5555, 7, "Android debugging" },
	{ 5900, 5909, 5, "VNC" },
	{ 5985, 5986, 6, "WinRM" },
	{ 6000, 6063, 6, "X11" },
	{ 6379, 6379, 7, "Redis" },
	{ 6443, 6443, 6, "Kubernetes" },
	{ 9200, 9300, 6, "Elasticsearch" },
	{ 10250, 10250, 7, "kubelet" },
	{ 11211, 11211, 6, "memcached" },
	{ 27017, 27019, 6, "MongoDB" },
};

static const struct service *service_of(const struct fw_rule *rule)
{
	const struct service *worst = NULL;

	for (uint32_t i = 0; i < rule->n_ports; i++)
		for (size_t s = 0; s < sizeof(services) / sizeof(services[0]); s++)
			if (services[s].first <= rule->ports[i].last &&
			    services[s].last >= rule->ports[i].first &&
			    (!worst || services[s].danger > worst->danger))
				worst = services + s;
	return worst;
}

static bool is_local(const struct prefix *p, uint8_t family)
{
	const uint8_t *at = p->at;

	if (family == 6)
		return (at[0] & 0xfe) == 0xfc || (at[0] == 0xfe && (at[1] & 0xc0) == 0x80) ||
		       memcmp(at, &in6addr_loopback, 16) == 0;
	return at[0] == 10 || at[0] == 127 || (at[0] == 172 && (at[1] & 0xf0) == 16) ||
	       (at[0] == 192 && at[1] == 168) || (at[0] == 169 && at[1] == 254);
}

static const struct prefixes *far_end(const struct fw_rule *rule)
{
	return rule->match.direction == DIR_OUT ? &rule->dst : &rule->src;
}

static uint32_t count_ports(const struct fw_rule *rule)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < rule->n_ports; i++)
		n += (uint32_t)rule->ports[i].last - rule->ports[i].first + 1;
	return n;
}

static void danger_breadth(struct danger *danger, const struct fw_rule *rule)
{
	const struct prefixes *far = far_end(rule);
	unsigned int narrow = rule->match.family == 4 ? 24 : 64, widest = narrow;
	uint32_t outside = 0;

	for (uint32_t i = 0; i < far->n; i++) {
		if (far->list[i].len < widest)
			widest = far->list[i].len;
		outside += !is_local(far->list + i, rule->match.family);
	}
	if (outside)
		danger_add(danger, 1, "addresses of the Internet");
	if (outside >= 16)
		danger_add(danger, 2, "many of them");
	if (widest < narrow)
		danger_add(danger, 2, "wide prefixes");
}

static void danger_accept(struct danger *danger, const struct fw_rule *rule)
{
	const struct service *service = service_of(rule);
	uint32_t ports = count_ports(rule);

	if (rule->match.direction == DIR_OUT) {
		danger_add(danger, 1, "lets out");
		if (service && service->first == 25)
			danger_add(danger, 2, "mail");
	} else {
		danger_add(danger, 1, "lets in");
		if (service)
			danger_add(danger, service->danger, service->why);
	}
	danger_breadth(danger, rule);
	if (ports > 15)
		danger_add(danger, 2, "many ports: a scan?");
	if (!rule->n_ports && !(rule->match.has & KEY_ICMP))
		danger_add(danger, 1, "a whole protocol");
}

static void danger_refuse(struct danger *danger, const struct fw_rule *rule)
{
	const struct prefixes *far = far_end(rule);
	const struct service *service = service_of(rule);
	uint32_t inside = 0;

	for (uint32_t i = 0; i < far->n; i++)
		inside += is_local(far->list + i, rule->match.family);
	danger_add(danger, 1, "takes away");
	if (inside)
		danger_add(danger, 2, "addresses of the local network");
	if (service && service->first == 22)
		danger_add(danger, 2, "may lock administrators out");
	if (rule->match.family == 6 && rule->match.has & KEY_ICMP && rule->match.icmp >= 133 &&
	    rule->match.icmp <= 136)
		danger_add(danger, 5, "IPv6 does not work without neighbour discovery");
}

void danger_firewall(struct danger *danger, const struct fw_rule *rule, const char *action)
{
	memset(danger, 0, sizeof(*danger));
	if (!strcmp(action, "accept"))
		danger_accept(danger, rule);
	else if (strcmp(action, "log"))
		danger_refuse(danger, rule);
}
