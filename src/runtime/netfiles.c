/* SPDX-License-Identifier: GPL-2.0-or-later */
/* netfiles.c owns what a container's /etc/hosts and /etc/resolv.conf say. */
#include "src/runtime/netfiles.h"

#include "src/runtime/interface.h"

#include <string.h>

char *netfiles_hosts(const struct spec *spec, const char *base, const char *gateway)
{
	struct buf text = { 0 };
	const struct spec_network *network = &spec->network;
	bool has_address = network->mode == NETWORK_PRIVATE || network->mode == NETWORK_CONTAINER;
	buf_str(&text, base ? base : "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
				     "ff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n");
	if (text.len && text.data[text.len - 1] != '\n')
		buf_str(&text, "\n");
	for (size_t i = 0; i < network->hosts.len; i++) {
		const char *entry = network->hosts.items[i], *address = strchr(entry, ' ') + 1;
		buf_fmt(&text, "%s\t%.*s\n", str_eq(address, "host-gateway") ? gateway : address, (int)(address - 1 - entry), entry);
	}
	buf_fmt(&text, "%s\t%s", has_address ? INTERFACE_ADDRESS : "127.0.1.1", spec->hostname);
	buf_fmt(&text, spec->name && !str_eq(spec->name, spec->hostname) ? " %s\n" : "\n", spec->name);
	return buf_take(&text);
}

/* The line's words after `key`, or NULL. */
static const char *value_of(const char *line, size_t len, const char *key, size_t *ret_len)
{
	size_t n = strlen(key);
	if (len <= n || memcmp(line, key, n) != 0 || (line[n] != ' ' && line[n] != '\t'))
		return NULL;
	for (; n < len && (line[n] == ' ' || line[n] == '\t'); n++)
		;
	while (len > n && strchr(" \t\r", line[len - 1]))
		len--;
	*ret_len = len - n;
	return len > n ? line + n : NULL;
}

static bool is_reached(const struct spec_network *network, const char *address)
{
	if (network->mode == NETWORK_HOST)
		return true;
	if (str_starts(address, "127.") || str_eq(address, "0.0.0.0") || str_eq(address, "::1") || strchr(address, '%'))
		return false;
	return !strchr(address, ':') || network->ipv6;
}

/* Takes over the host's line where it is of use; what was asked for replaces lines of its kind. */
static bool take_line(const struct spec_network *network, const char *line, size_t len, struct buf *text)
{
	size_t value_len;
	const char *value;
	if ((value = value_of(line, len, "nameserver", &value_len)) && !network->dns.len) {
		cleanup_free char *address = str_ndup(value, value_len);
		if (!is_reached(network, address))
			return false;
		buf_fmt(text, "nameserver %s\n", address);
		return true;
	}
	bool search = (value = value_of(line, len, "search", &value_len)) || (value = value_of(line, len, "domain", &value_len));
	if (search && !network->dns_search.len)
		buf_fmt(text, "search %.*s\n", (int)value_len, value);
	if ((value = value_of(line, len, "options", &value_len)) && !network->dns_options.len)
		buf_fmt(text, "options %.*s\n", (int)value_len, value);
	return false;
}

static void add_list(struct buf *text, const char *key, const struct strv *words)
{
	if (words->len == 0 || str_eq(words->items[0], ".")) /* docker-run(1): --dns-search=. for none */
		return;
	buf_str(text, key);
	for (size_t i = 0; i < words->len; i++)
		buf_fmt(text, " %s", words->items[i]);
	buf_str(text, "\n");
}

char *netfiles_resolv(const struct spec_network *network, const char *host_text)
{
	struct buf text = { 0 };
	bool any = network->dns.len;
	for (size_t i = 0; i < network->dns.len; i++)
		buf_fmt(&text, "nameserver %s\n", network->dns.items[i]);
	for (const char *line = host_text; line && *line;) {
		size_t len = strcspn(line, "\n");
		any |= take_line(network, line, len, &text);
		line += len + (line[len] != 0);
	}
	add_list(&text, "search", &network->dns_search);
	add_list(&text, "options", &network->dns_options);
	if (any || network->mode == NETWORK_HOST)
		return buf_take(&text);
	buf_done(&text);
	return NULL;
}

bool netfiles_names_loopback(const char *host_text)
{
	size_t value_len;
	for (const char *line = host_text; line && *line;) {
		size_t len = strcspn(line, "\n");
		const char *value = value_of(line, len, "nameserver", &value_len);
		if (value && value_len == strlen("127.0.0.1") && memcmp(value, "127.0.0.1", value_len) == 0)
			return true;
		line += len + (line[len] != 0);
	}
	return false;
}
