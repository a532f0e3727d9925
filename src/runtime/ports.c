/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ports.c owns finding out whether published ports are free. */
#include "src/runtime/network.h"

#include "src/base/fd.h"
#include "src/plan/network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

struct place {
	struct sockaddr_storage address;
	socklen_t len;
};

/* All addresses: one socket of IPv6 takes IPv4 as well, as that of the helper will. */
static struct place make_place(const struct spec_port *port, uint16_t number, bool ipv6)
{
	struct place place = { 0 };
	struct sockaddr_in *v4 = (struct sockaddr_in *)&place.address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&place.address;
	if (inet_pton(AF_INET, port->address, &v4->sin_addr) == 1 || (!*port->address && !ipv6)) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(number);
		place.len = sizeof *v4;
		return place;
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(number);
	inet_pton(AF_INET6, port->address, &v6->sin6_addr);
	place.len = sizeof *v6;
	return place;
}

/* Binds the number, or any for 0: which, or a negative errno. The socket is closed again: the helper needs the port. */
static int try_port(const struct spec_port *port, uint16_t number, bool ipv6)
{
	struct place place = make_place(port, number, ipv6);
	int on = 1;
	cleanup_fd int fd = socket(place.address.ss_family, (port->udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (!port->udp)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on); /* connections of a former run do not count */
	if (bind(fd, (struct sockaddr *)&place.address, place.len) < 0 || (!port->udp && listen(fd, 1) < 0) ||
		getsockname(fd, (struct sockaddr *)&place.address, &place.len) < 0)
		return -errno;
	return ntohs(place.address.ss_family == AF_INET ? ((struct sockaddr_in *)&place.address)->sin_port :
							   ((struct sockaddr_in6 *)&place.address)->sin6_port);
}

/* ip(7): what the helper, which is nobody's root, may bind. */
static int first_unprivileged(void)
{
	struct err ignored;
	cleanup_buf struct buf text = { 0 };
	unsigned long long first = 1024;
	if (fd_read_file(AT_FDCWD, "/proc/sys/net/ipv4/ip_unprivileged_port_start", 64, &text, &ignored) == 0 && text.len)
		text.data[strcspn(text.data, "\n")] = 0;
	return text.len && str_to_u64(text.data, 65536, &first) ? (int)first : 1024;
}

/* Another -p of the same container may have been given it, or is to have it. */
static bool is_spoken_for(const struct spec_network *network, const struct spec_port *port)
{
	for (size_t i = 0; i < network->port_count; i++)
		if (&network->ports[i] != port && network->ports[i].host && network_ports_meet(port, &network->ports[i]))
			return true;
	return false;
}

static void choose_free(const struct spec_network *network, struct spec_port *port, bool ipv6)
{
	for (int tries = 0; port->host == 0 && tries < 20; tries++) {
		int first = try_port(port, 0, ipv6), last = first;
		for (int i = 1; i < port->count && last > 0 && first + i < 65536; i++)
			last = try_port(port, first + i, ipv6);
		if (last > 0 && first + port->count <= 65536)
			port->host = first;
		if (port->host && is_spoken_for(network, port))
			port->host = 0;
	}
}

static int claim(const struct spec_network *network, struct spec_port *port, bool ipv6, struct err *err)
{
	choose_free(network, port, ipv6);
	if (port->host == 0)
		return err_set(err, -EADDRINUSE, "-p: the host has no %d free ports in a row", port->count);
	for (int i = 0; i < port->count; i++) {
		bool privileged = port->host + i < 1024 && port->host + i < first_unprivileged();
		int r = privileged ? -EACCES : try_port(port, port->host + i, ipv6);
		cleanup_free char *text = network_port_text(port);
		if (r == -EACCES)
			return err_set(err, r, "-p %s: the program that connects a container is not root, so port %d is not for it; "
				"take one from 1024 on, or lower the sysctl net.ipv4.ip_unprivileged_port_start", text, port->host + i);
		if (r < 0)
			return err_code(err, r, "-p %s: cannot have port %d of the host", text, port->host + i);
	}
	return 0;
}

int network_claim_ports(struct spec_network *network, struct err *err)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < network->port_count; i++)
		r = claim(network, &network->ports[i], network->ipv6, err);
	return r;
}
