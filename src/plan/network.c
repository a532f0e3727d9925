/* SPDX-License-Identifier: GPL-2.0-or-later */
/* network.c owns the options of a container's network. Pure. */
#include "src/plan/network.h"
#include "src/plan/parts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_address(const char *text)
{
	unsigned char address[16];
	return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

/* What may stand in a line of /etc/hosts or /etc/resolv.conf as one word: of ASCII alone, whether char has a sign on this machine or not. */
static bool is_word(const char *text)
{
	for (const char *at = text; *at; at++)
		if (*at <= ' ' || *at >= 127 || *at == '#')
			return false;
	return *text && strlen(text) <= 255;
}

/* "80" or "80-89". */
static bool parse_range(const char *text, uint16_t *ret_first, uint16_t *ret_count)
{
	unsigned long long first, last;
	const char *dash = strchr(text, '-');
	cleanup_free char *begin = dash ? str_ndup(text, dash - text) : str_dup(text);
	if (!str_to_u64(begin, 65535, &first) || first == 0)
		return false;
	last = first;
	if (dash && (!str_to_u64(dash + 1, 65535, &last) || last < first))
		return false;
	*ret_first = first;
	*ret_count = last - first + 1;
	return true;
}

/* In brackets, where it is one of IPv6. */
static bool take_address(char *text, struct spec_port *port)
{
	size_t len = strlen(text);
	if (len > 2 && text[0] == '[' && text[len - 1] == ']') {
		text[len - 1] = 0;
		text++;
	} else if (strchr(text, ':')) {
		return false;
	}
	if (!is_address(text))
		return false;
	snprintf(port->address, sizeof port->address, "%s", text);
	return true;
}

static bool take_protocol(char *text, struct spec_port *port)
{
	char *slash = strchr(text, '/');
	if (!slash)
		return true;
	*slash = 0;
	port->udp = str_eq(slash + 1, "udp");
	return port->udp || str_eq(slash + 1, "tcp");
}

/* [ADDRESS:][HOST:]CONTAINER[/PROTOCOL], from its end. */
static bool parse_port(const char *text, struct spec_port *port)
{
	cleanup_free char *copy = str_dup(text);
	uint16_t host_count = 0;
	if (!take_protocol(copy, port))
		return false;
	char *colon = strrchr(copy, ':');
	if (!parse_range(colon ? colon + 1 : copy, &port->container, &port->count))
		return false;
	if (!colon)
		return true;
	*colon = 0;
	colon = strrchr(copy, ':');
	const char *host = colon ? colon + 1 : copy;
	if (*host && (!parse_range(host, &port->host, &host_count) || host_count != port->count))
		return false;
	if (!colon)
		return *host;
	*colon = 0;
	return take_address(copy, port);
}

int network_add_port(struct spec_network *network, const char *text, struct err *err)
{
	struct spec_port port = { 0 };
	if (!parse_port(text, &port))
		return err_set(err, -EINVAL, "-p %s: write it as [[ADDRESS:]HOST:]CONTAINER[/udp], with ports from 1 to 65535 or ranges of the same length",
			text);
	network->ports = mem_grow(network->ports, network->port_count + 1, sizeof port);
	network->ports[network->port_count++] = port;
	return 0;
}

/* An address of a port, and whether it stands for all of its kind; none stands for all of both. */
static bool address_has(const char *wide, const char *other)
{
	if (!*wide || str_eq(wide, other))
		return true;
	return (str_eq(wide, "0.0.0.0") && !strchr(other, ':')) || (str_eq(wide, "::") && strchr(other, ':'));
}

bool network_ports_meet(const struct spec_port *a, const struct spec_port *b)
{
	return a->udp == b->udp && a->host < b->host + b->count && b->host < a->host + a->count &&
	       (address_has(a->address, b->address) || address_has(b->address, a->address));
}

/* Of those that were chosen; the others are free when they are. */
static int check_ports(const struct spec_network *network, struct err *err)
{
	for (size_t i = 0; i < network->port_count; i++) {
		for (size_t k = 0; k < i; k++) {
			const struct spec_port *port = &network->ports[i], *other = &network->ports[k];
			if (!port->host || !other->host || !network_ports_meet(port, other))
				continue;
			cleanup_free char *text = network_port_text(port), *before = network_port_text(other);
			return err_set(err, -EINVAL, "-p %s: the host's port is that of -p %s", text, before);
		}
	}
	return 0;
}

char *network_port_text(const struct spec_port *port)
{
	struct buf text = { 0 };
	cleanup_free char *host = network_host_text(port);
	if (*port->address)
		buf_fmt(&text, "%s:", host);
	if (port->host)
		buf_fmt(&text, port->count > 1 ? "%u-%u" : "%u", port->host, port->host + port->count - 1u);
	if (port->host || *port->address)
		buf_str(&text, ":");
	buf_fmt(&text, port->count > 1 ? "%u-%u" : "%u", port->container, port->container + port->count - 1u);
	buf_str(&text, port->udp ? "/udp" : "/tcp");
	return buf_take(&text);
}

char *network_host_text(const struct spec_port *port)
{
	return str_fmt(strchr(port->address, ':') ? "[%s]" : "%s", *port->address ? port->address : "0.0.0.0");
}

const char *network_mode_text(enum network mode)
{
	static const char *const modes[] = { "none", "host", "private", "container:" };
	return modes[mode];
}

/* docker writes NAME:ADDRESS, and lately NAME=ADDRESS, with brackets around IPv6 or without. */
static int add_host(struct spec_network *network, const char *text, struct err *err)
{
	size_t len = strcspn(text, ":=");
	cleanup_free char *name = str_ndup(text, len);
	cleanup_free char *address = str_dup(text[len] ? text + len + 1 : "");
	size_t address_len = strlen(address);
	if (address_len > 2 && address[0] == '[' && address[address_len - 1] == ']') {
		address[address_len - 1] = 0;
		memmove(address, address + 1, address_len - 1);
	}
	if (!is_word(name) || (!is_address(address) && !str_eq(address, "host-gateway")))
		return err_set(err, -EINVAL, "--add-host %s: write it as NAME:ADDRESS or NAME:host-gateway", text);
	strv_take(&network->hosts, str_fmt("%s %s", name, address));
	return 0;
}

static int add_nameserver(struct spec_network *network, const char *text, struct err *err)
{
	if (!is_address(text))
		return err_set(err, -EINVAL, "--dns %s: it has to be an address", text);
	strv_add(&network->dns, text);
	return 0;
}

static int add_word(struct strv *list, const char *option, const char *text, struct err *err)
{
	if (!is_word(text))
		return err_set(err, -EINVAL, "--%s %s: it has to be one word", option, text);
	strv_add(list, text);
	return 0;
}

/* An interface's address is that of one station: its first byte is even. */
static int set_mac(struct spec_network *network, const char *text, struct err *err)
{
	unsigned byte[6];
	int end = 0;
	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &byte[0], &byte[1], &byte[2], &byte[3], &byte[4], &byte[5], &end) != 6 ||
		end != 17 || text[end] || byte[0] & 1)
		return err_set(err, -EINVAL, "--mac-address %s: write it like 02:42:ac:11:00:02, the first number even", text);
	snprintf(network->mac, sizeof network->mac, "%s", text);
	return 0;
}

/* "10m": bits per second, in thousands, as networks are sold. */
static int set_rate(struct spec_network *network, const char *text, struct err *err)
{
	static const char units[] = "kmg";
	unsigned long long rate;
	size_t len = strspn(text, "0123456789");
	cleanup_free char *number = str_ndup(text, len);
	const char *unit = text[len] ? strchr(units, text[len] | 0x20) : NULL;
	if ((text[len] && (!unit || text[len + 1])) || !str_to_u64(number, 1000000000000, &rate) || (unit && rate > 1000000000))
		return err_set(err, -EINVAL, "--net-rate %s: write it as bits per second, like 500k, 10m or 1g", text);
	for (; unit && unit >= units; unit--)
		rate *= 1000;
	if (rate < 8000 || rate > 1000000000000)
		return err_set(err, -EINVAL, "--net-rate %s: it has to be from 8k to 1000g bits per second", text);
	network->rate = rate;
	return 0;
}

/* bridge and default are docker's names for a network of one's own. */
static int set_mode(struct spec_network *network, const char *text, struct err *err)
{
	if (str_eq(text, "private") || str_eq(text, "bridge") || str_eq(text, "default"))
		network->mode = NETWORK_PRIVATE;
	else if (str_eq(text, "none"))
		network->mode = NETWORK_NONE;
	else if (str_eq(text, "host"))
		network->mode = NETWORK_HOST;
	else if (plan_is_shared(text))
		network->mode = NETWORK_CONTAINER;
	else
		return err_set(err, -EINVAL, "--network %s: there are private, none, host and container:NAME", text);
	return 0;
}

/* Every option whose value stands for itself, one at a time. */
static int add_option(struct spec_network *network, const char *name, const char *value, struct err *err)
{
	if (str_eq(name, "network"))
		return set_mode(network, value, err);
	if (str_eq(name, "publish"))
		return network_add_port(network, value, err);
	if (str_eq(name, "add-host"))
		return add_host(network, value, err);
	if (str_eq(name, "dns"))
		return add_nameserver(network, value, err);
	if (str_eq(name, "dns-search"))
		return add_word(&network->dns_search, name, value, err);
	if (str_eq(name, "dns-option"))
		return add_word(&network->dns_options, name, value, err);
	if (str_eq(name, "mac-address"))
		return set_mac(network, value, err);
	return str_eq(name, "net-rate") ? set_rate(network, value, err) : -ENOENT;
}

static int add_options(struct spec_network *network, const char *name, const struct strv *values, struct err *err)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < values->len; i++)
		r = add_option(network, name, values->items[i], err);
	return r;
}

/* What only a private network can have. */
static int check_mode(const struct request *q, const struct spec_network *network, struct err *err)
{
	const char *option = q->publish.len ? "-p" : q->publish_all ? "-P" : q->mac_address ? "--mac-address" : q->net_rate ? "--net-rate" : NULL;
	if (!option && network->mode == NETWORK_CONTAINER) /* docker-run(1): its files of /etc are shared, too */
		option = q->hostname ? "--hostname" : q->add_host.len ? "--add-host" : q->dns.len ? "--dns" : q->dns_search.len ? "--dns-search" :
			 q->dns_options.len ? "--dns-option" : NULL;
	if (option && network->mode != NETWORK_PRIVATE)
		return err_set(err, -EINVAL, "%s does not go with --network %s: that network is not the container's own", option,
			q->network);
	const char *names = q->dns.len ? "--dns" : q->dns_search.len ? "--dns-search" : q->dns_options.len ? "--dns-option" : NULL;
	if (names && network->mode == NETWORK_NONE)
		return err_set(err, -EINVAL, "%s does not go with --network none: no nameserver can be reached", names);
	return 0;
}

/* -P: what the image exposes and -p has not published; each gets a free port of the host. */
static int add_exposed(struct spec_network *network, const struct strv *exposed, struct err *err)
{
	size_t asked = network->port_count;
	for (size_t i = 0; i < exposed->len; i++) {
		struct spec_port port = { 0 };
		bool known = false;
		if (strchr(exposed->items[i], ':') || !parse_port(exposed->items[i], &port))
			return err_set(err, -EINVAL, "-P: the image exposes %s, which is no port", exposed->items[i]);
		for (size_t k = 0; k < asked; k++)
			known |= network->ports[k].container == port.container && network->ports[k].udp == port.udp;
		int r = known ? 0 : network_add_port(network, exposed->items[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

int plan_network(const struct request *q, const struct strv *exposed, struct spec *spec, struct err *err)
{
	struct spec_network *network = &spec->network;
	const struct {
		const char *name, *value;
	} single[] = { { "network", q->network }, { "mac-address", q->mac_address }, { "net-rate", q->net_rate } };
	const struct {
		const char *name;
		const struct strv *values;
	} lists[] = { { "publish", &q->publish }, { "add-host", &q->add_host }, { "dns", &q->dns },
		{ "dns-search", &q->dns_search }, { "dns-option", &q->dns_options } };
	int r = 0;
	network->mode = NETWORK_PRIVATE;
	network->asked = q->network || q->publish.len || q->publish_all || q->mac_address || q->net_rate;
	for (size_t i = 0; r == 0 && i < sizeof single / sizeof *single; i++)
		if (single[i].value)
			r = add_option(network, single[i].name, single[i].value, err);
	for (size_t i = 0; r == 0 && i < sizeof lists / sizeof *lists; i++)
		r = add_options(network, lists[i].name, lists[i].values, err);
	if (r == 0 && q->publish_all)
		r = add_exposed(network, exposed, err);
	if (r == 0 && network->mode == NETWORK_CONTAINER)
		r = plan_shared("network", q->network, NAMESPACE_NETWORK, spec, err);
	if (r == 0)
		r = check_mode(q, network, err);
	return r == 0 ? check_ports(network, err) : r;
}

static void describe_list(struct strv *lines, const char *name, const struct strv *words)
{
	struct buf text = { 0 };
	for (size_t i = 0; i < words->len; i++)
		buf_fmt(&text, i ? " %s" : "%s", words->items[i]);
	if (words->len)
		strv_take(lines, str_fmt("%s=%s", name, text.data));
	buf_done(&text);
}

void network_describe(const struct spec_network *network, struct strv *ret_lines)
{
	cleanup_strv struct strv ports = { 0 }, hosts = { 0 };
	strv_take(ret_lines, str_fmt("network=%s", network_mode_text(network->mode)));
	for (size_t i = 0; i < network->port_count; i++)
		strv_take(&ports, network_port_text(&network->ports[i]));
	for (size_t i = 0; i < network->hosts.len; i++) {
		strv_add(&hosts, network->hosts.items[i]);
		*strchr(hosts.items[i], ' ') = '=';
	}
	describe_list(ret_lines, "publish", &ports);
	describe_list(ret_lines, "add-host", &hosts);
	describe_list(ret_lines, "dns", &network->dns);
	describe_list(ret_lines, "dns-search", &network->dns_search);
	describe_list(ret_lines, "dns-option", &network->dns_options);
	if (*network->mac)
		strv_take(ret_lines, str_fmt("mac-address=%s", network->mac));
	if (network->rate)
		strv_take(ret_lines, str_fmt("net-rate=%llu", (unsigned long long)network->rate));
}

int network_recall(struct spec_network *network, const char *name, const char *value, struct err *err)
{
	cleanup_free char *copy = str_dup(value);
	int r = 0;
	for (char *at = copy, *word; r == 0 && (word = strsep(&at, " "));)
		r = add_option(network, name, word, err);
	network->asked |= r == 0;
	return r;
}
