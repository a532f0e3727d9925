/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_links.c owns moving network interfaces of the host into an engine's container. */
#include "src/runtime/engine_links.h"

#include "src/base/fd.h"
#include "src/runtime/netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ADDRESSES_MAX = 64 };

struct address {
	struct ifaddrmsg head;
	unsigned char local[16], peer[16];
	unsigned char local_len, peer_len;
};
struct addresses {
	struct address items[ADDRESSES_MAX];
	size_t count;
	bool full;
};

/* A socket acts in the namespace that it was made in. */
static int open_socket_in(pid_t pid, int *ret_ns_fd, struct err *err)
{
	cleanup_free char *path = str_fmt("/proc/%d/ns/net", pid);
	cleanup_fd int own_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), ns_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (own_fd < 0 || ns_fd < 0 || setns(ns_fd, CLONE_NEWNET) < 0)
		return err_sys(err, "linux.netDevices: cannot enter the container's network namespace");
	int fd = netlink_open(err);
	if (setns(own_fd, CLONE_NEWNET) < 0) {
		fd_close(&fd);
		return err_sys(err, "linux.netDevices: cannot return from the container's network namespace");
	}
	*ret_ns_fd = fd_take(&ns_fd);
	return fd;
}

/* Those that somebody gave for good: not the kernel's own, nor what ends by itself. */
static void take_address(const struct nlmsghdr *message, int index, struct addresses *addresses)
{
	const struct ifaddrmsg *head = NLMSG_DATA(message);
	struct address address = { .head = *head };
	uint32_t flags = head->ifa_flags;
	int left = (int)IFA_PAYLOAD(message);
	for (const struct rtattr *at = IFA_RTA(head); RTA_OK(at, left); at = RTA_NEXT(at, left)) {
		size_t len = RTA_PAYLOAD(at);
		if (at->rta_type == IFA_FLAGS && len == sizeof flags)
			memcpy(&flags, RTA_DATA(at), len);
		else if (at->rta_type == IFA_LOCAL && len <= sizeof address.local)
			memcpy(address.local, RTA_DATA(at), address.local_len = len);
		else if (at->rta_type == IFA_ADDRESS && len <= sizeof address.peer)
			memcpy(address.peer, RTA_DATA(at), address.peer_len = len);
	}
	if ((int)head->ifa_index != index || head->ifa_scope != RT_SCOPE_UNIVERSE || !(flags & IFA_F_PERMANENT))
		return;
	addresses->full |= addresses->count == ADDRESSES_MAX;
	if (!addresses->full)
		addresses->items[addresses->count++] = address;
}

static int list_addresses(int fd, int index, struct addresses *ret_addresses, struct err *err)
{
	_Alignas(struct nlmsghdr) char buffer[16384];
	struct netlink request;
	struct ifaddrmsg head = { 0 };
	netlink_begin(&request, RTM_GETADDR, 0, &head, sizeof head);
	request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	if (send(fd, &request, request.header.nlmsg_len, 0) < 0)
		return err_sys(err, "linux.netDevices: cannot ask for addresses");
	for (;;) {
		ssize_t n = recv(fd, buffer, sizeof buffer, 0);
		int left = (int)n;
		if (n < 0 && errno != EINTR)
			return err_sys(err, "linux.netDevices: cannot ask for addresses");
		for (struct nlmsghdr *at = (struct nlmsghdr *)buffer; n > 0 && NLMSG_OK(at, left); at = NLMSG_NEXT(at, left)) {
			if (at->nlmsg_type == NLMSG_ERROR)
				return err_code(err, ((const struct nlmsgerr *)NLMSG_DATA(at))->error, "linux.netDevices: cannot ask for addresses");
			if (at->nlmsg_type == NLMSG_DONE)
				return 0;
			if (at->nlmsg_type == RTM_NEWADDR)
				take_address(at, index, ret_addresses);
		}
	}
}

/* netdevice(7): in the namespace of the socket. 0, or a negative errno: -ENODEV where there is none. */
static int find_index(int fd, const char *name, int *ret_index)
{
	struct ifreq request = { 0 };
	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
	if (ioctl(fd, SIOCGIFINDEX, &request) < 0)
		return -errno;
	*ret_index = request.ifr_ifindex;
	return 0;
}

static int add_address(int fd, const struct address *address, int index, const char *name, struct err *err)
{
	struct netlink request;
	struct ifaddrmsg head = address->head;
	head.ifa_index = index;
	head.ifa_flags = 0;
	netlink_begin(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &head, sizeof head);
	if (address->local_len)
		netlink_add(&request, IFA_LOCAL, address->local, address->local_len);
	if (address->peer_len)
		netlink_add(&request, IFA_ADDRESS, address->peer, address->peer_len);
	int r = netlink_ask(fd, &request);
	return r < 0 ? err_code(err, r, "linux.netDevices: %s: cannot give it an address again", name) : 0;
}

/* It travels under a name that nobody has: its own may be there already, a template becomes a name in the end only. */
static int move(int fd, int ns_fd, const struct engine_link *link, int index, const char *passing, struct err *err)
{
	struct netlink request;
	struct ifinfomsg head = { .ifi_index = index };
	uint32_t ns = ns_fd;
	netlink_begin(&request, RTM_NEWLINK, 0, &head, sizeof head);
	netlink_add(&request, IFLA_NET_NS_FD, &ns, sizeof ns);
	netlink_add(&request, IFLA_IFNAME, passing, strlen(passing) + 1);
	int r = netlink_ask(fd, &request);
	return r < 0 ? err_code(err, r, "linux.netDevices: cannot move %s to the container", link->host) : 0;
}

static int arrive(int fd, const struct engine_link *link, const char *passing, const struct addresses *addresses, struct err *err)
{
	struct netlink request;
	int index = 0, r = find_index(fd, passing, &index);
	struct ifinfomsg head = { .ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	if (r < 0)
		return err_code(err, r, "linux.netDevices: %s did not arrive in the container", link->host);
	netlink_begin(&request, RTM_NEWLINK, 0, &head, sizeof head);
	netlink_add(&request, IFLA_IFNAME, link->name, strlen(link->name) + 1);
	r = netlink_ask(fd, &request);
	if (r < 0)
		return err_code(err, r, "linux.netDevices: cannot bring %s up in the container as %s", link->host, link->name);
	for (size_t i = 0; r == 0 && i < addresses->count; i++)
		r = add_address(fd, &addresses->items[i], index, link->name, err);
	return r;
}

static int move_one(int host_fd, int there_fd, int ns_fd, const struct engine_link *link, struct err *err)
{
	struct addresses addresses = { .count = 0 };
	char passing[IFNAMSIZ];
	int index = 0, other, r = find_index(host_fd, link->host, &index);
	if (r < 0)
		return err_code(err, r, "linux.netDevices: no network interface %s", link->host);
	if (!strchr(link->name, '%') && find_index(there_fd, link->name, &other) == 0)
		return err_set(err, -EEXIST, "linux.netDevices: the container has a network interface %s already", link->name);
	snprintf(passing, sizeof passing, "xrun%d", getpid());
	r = list_addresses(host_fd, index, &addresses, err);
	if (addresses.full)
		return err_set(err, -E2BIG, "linux.netDevices: %s has more than %d addresses", link->host, ADDRESSES_MAX);
	if (r == 0)
		r = move(host_fd, ns_fd, link, index, passing, err);
	return r < 0 ? r : arrive(there_fd, link, passing, &addresses, err);
}

int engine_links_move(const struct spec_engine *engine, pid_t pid, struct err *err)
{
	if (engine->link_count == 0)
		return 0;
	cleanup_fd int ns_fd = -1, host_fd = netlink_open(err);
	cleanup_fd int there_fd = host_fd < 0 ? host_fd : open_socket_in(pid, &ns_fd, err);
	int r = there_fd < 0 ? there_fd : 0;
	for (size_t i = 0; r == 0 && i < engine->link_count; i++)
		r = move_one(host_fd, there_fd, ns_fd, &engine->links[i], err);
	return r;
}
