/* SPDX-License-Identifier: GPL-2.0-or-later */
/* interface.c owns the container's side of its network. */
#include "src/runtime/interface.h"

#include "src/base/fd.h"
#include "src/runtime/netlink.h"
#include "src/runtime/shaping.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum { MTU = 65520, MTU_SHAPED = 1500 };

int interface_raise_loopback(struct err *err)
{
	cleanup_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return err_sys(err, "cannot bring up the loopback interface");
	return 0;
}

static int bring_up(int fd, int index, const struct spec_network *network, struct err *err)
{
	struct netlink request;
	struct ifinfomsg head = { .ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	uint32_t mtu = network->rate ? MTU_SHAPED : MTU; /* large packets save work; small ones can be shaped */
	unsigned byte[6];
	unsigned char mac[6];
	netlink_begin(&request, RTM_NEWLINK, 0, &head, sizeof head);
	netlink_add(&request, IFLA_MTU, &mtu, sizeof mtu);
	if (sscanf(network->mac, "%2x:%2x:%2x:%2x:%2x:%2x", &byte[0], &byte[1], &byte[2], &byte[3], &byte[4], &byte[5]) == 6) {
		for (int i = 0; i < 6; i++)
			mac[i] = byte[i];
		netlink_add(&request, IFLA_ADDRESS, mac, sizeof mac);
	}
	int r = netlink_ask(fd, &request);
	return r < 0 ? err_code(err, r, "cannot bring up the network interface %s", INTERFACE_NAME) : 0;
}

/* No duplicate address detection: nobody else is on this wire, and it would hold the program up for a second. */
static int add_address(int fd, int index, int family, const char *text, int prefix, struct err *err)
{
	struct netlink request;
	unsigned char address[16];
	struct ifaddrmsg head = { .ifa_family = family, .ifa_prefixlen = prefix, .ifa_flags = IFA_F_NODAD, .ifa_index = index };
	size_t len = family == AF_INET ? 4 : 16;
	inet_pton(family, text, address);
	netlink_begin(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof head);
	netlink_add(&request, IFA_LOCAL, address, len);
	netlink_add(&request, IFA_ADDRESS, address, len);
	int r = netlink_ask(fd, &request);
	return r < 0 ? err_code(err, r, "cannot give the network interface the address %s", text) : 0;
}

static int add_default_route(int fd, int index, int family, const char *gateway, struct err *err)
{
	struct netlink request;
	unsigned char address[16];
	uint32_t number = index;
	struct rtmsg head = { .rtm_family = family, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_STATIC,
		.rtm_scope = RT_SCOPE_UNIVERSE, .rtm_type = RTN_UNICAST };
	inet_pton(family, gateway, address);
	netlink_begin(&request, RTM_NEWROUTE, NLM_F_CREATE, &head, sizeof head);
	netlink_add(&request, RTA_GATEWAY, address, family == AF_INET ? 4 : 16);
	netlink_add(&request, RTA_OIF, &number, sizeof number);
	int r = netlink_ask(fd, &request);
	return r < 0 ? err_code(err, r, "cannot set the route to %s", gateway) : 0;
}

int interface_make(struct err *err)
{
	struct ifreq request = { .ifr_name = INTERFACE_NAME, .ifr_flags = IFF_TAP | IFF_NO_PI };
	cleanup_fd int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0 || ioctl(fd, TUNSETPERSIST, 1) < 0)
		return err_sys(err, "cannot make the container's network interface with /dev/net/tun");
	return 0;
}

static int configure(int fd, int index, const struct spec_network *network, struct err *err)
{
	int r = add_address(fd, index, AF_INET, INTERFACE_ADDRESS, INTERFACE_PREFIX, err);
	if (r == 0)
		r = bring_up(fd, index, network, err);
	if (r == 0)
		r = add_default_route(fd, index, AF_INET, INTERFACE_GATEWAY, err);
	if (r == 0 && network->ipv6)
		r = add_address(fd, index, AF_INET6, INTERFACE_ADDRESS6, 64, err);
	if (r == 0 && network->ipv6)
		r = add_default_route(fd, index, AF_INET6, INTERFACE_GATEWAY6, err);
	return r < 0 || !network->rate ? r : shaping_limit(fd, index, network->rate, err);
}

int interface_configure(const struct spec_network *network, struct err *err)
{
	cleanup_fd int fd = netlink_open(err);
	int index = fd < 0 ? fd : netlink_await_link(fd, INTERFACE_NAME, err);
	int r = index < 0 ? index : configure(fd, index, network, err);
	return r < 0 ? r : netlink_await_carrier(fd, index, err);
}
