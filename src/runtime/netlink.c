/* SPDX-License-Identifier: GPL-2.0-or-later */
/* netlink.c owns requests to the kernel about interfaces. */
#include "src/runtime/netlink.h"

#include "src/base/fd.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

int netlink_open(struct err *err)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	cleanup_fd int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
		return err_sys(err, "cannot ask the kernel about network interfaces");
	return fd_take(&fd);
}

void netlink_begin(struct netlink *request, int type, int flags, const void *head, size_t len)
{
	memset(request, 0, sizeof *request);
	request->header = (struct nlmsghdr){ .nlmsg_len = NLMSG_LENGTH(len), .nlmsg_type = type,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags, .nlmsg_seq = 1 };
	memcpy(request->body, head, len);
}

static struct rtattr *append(struct netlink *request, int type, size_t len)
{
	size_t at = NLMSG_ALIGN(request->header.nlmsg_len);
	size_t end = at + RTA_LENGTH(len);
	request->header.nlmsg_len = end;
	if (RTA_ALIGN(end) > sizeof *request)
		return NULL;
	struct rtattr *attribute = (struct rtattr *)((char *)request + at);
	*attribute = (struct rtattr){ .rta_type = type, .rta_len = RTA_LENGTH(len) };
	return attribute;
}

void netlink_add(struct netlink *request, int type, const void *data, size_t len)
{
	struct rtattr *attribute = append(request, type, len);
	if (attribute && len)
		memcpy(RTA_DATA(attribute), data, len);
}

size_t netlink_nest(struct netlink *request, int type)
{
	size_t at = NLMSG_ALIGN(request->header.nlmsg_len);
	append(request, type | NLA_F_NESTED, 0);
	return at;
}

void netlink_end(struct netlink *request, size_t nest)
{
	if (request->header.nlmsg_len <= sizeof *request)
		((struct rtattr *)((char *)request + nest))->rta_len = request->header.nlmsg_len - nest;
}

/* Between it and the answer there may be news of interfaces. */
static int take_answer(int fd)
{
	_Alignas(struct nlmsghdr) char buffer[8192];
	for (;;) {
		ssize_t n = recv(fd, buffer, sizeof buffer, 0);
		if (n < 0 && errno != EINTR && errno != ENOBUFS)
			return -errno;
		int left = n < 0 ? 0 : (int)n;
		for (struct nlmsghdr *at = (struct nlmsghdr *)buffer; NLMSG_OK(at, left); at = NLMSG_NEXT(at, left))
			if (at->nlmsg_type == NLMSG_ERROR && at->nlmsg_seq == 1)
				return ((struct nlmsgerr *)NLMSG_DATA(at))->error;
	}
}

int netlink_ask(int fd, struct netlink *request)
{
	if (request->header.nlmsg_len > sizeof *request)
		return -EMSGSIZE;
	if (send(fd, request, request->header.nlmsg_len, 0) < 0)
		return -errno;
	return take_answer(fd);
}

int netlink_await_link(int fd, const char *name, struct err *err)
{
	char news[8192];
	for (;;) {
		int index = if_nametoindex(name);
		if (index > 0)
			return index;
		if (recv(fd, news, sizeof news, 0) < 0 && errno != EINTR && errno != ENOBUFS)
			return err_sys(err, "cannot wait for the network interface %s", name);
	}
}

/* IF_OPER_UP of linux/if.h, which cannot be included beside net/if.h. */
enum { OPERATIONAL = 6 };

static bool has_carrier(const struct nlmsghdr *message, int index)
{
	const struct ifinfomsg *head = NLMSG_DATA(message);
	int left = (int)IFLA_PAYLOAD(message);
	if (message->nlmsg_type != RTM_NEWLINK || head->ifi_index != index)
		return false;
	for (const struct rtattr *at = IFLA_RTA(head); RTA_OK(at, left); at = RTA_NEXT(at, left))
		if (at->rta_type == IFLA_OPERSTATE)
			return *(const unsigned char *)RTA_DATA(at) == OPERATIONAL;
	return false;
}

/* The answer looks like the news. */
static int ask_for_link(int fd, int index, struct err *err)
{
	struct netlink request;
	struct ifinfomsg head = { .ifi_index = index };
	netlink_begin(&request, RTM_GETLINK, 0, &head, sizeof head);
	if (send(fd, &request, request.header.nlmsg_len, 0) < 0)
		return err_sys(err, "cannot ask the kernel about the network interface");
	return 0;
}

int netlink_await_carrier(int fd, int index, struct err *err)
{
	_Alignas(struct nlmsghdr) char news[8192];
	int r = ask_for_link(fd, index, err);
	while (r == 0) {
		ssize_t n = recv(fd, news, sizeof news, 0);
		if (n < 0 && errno == ENOBUFS)
			r = ask_for_link(fd, index, err);
		else if (n < 0 && errno != EINTR)
			r = err_sys(err, "cannot wait for the network interface");
		int left = n < 0 ? 0 : (int)n;
		for (struct nlmsghdr *at = (struct nlmsghdr *)news; NLMSG_OK(at, left); at = NLMSG_NEXT(at, left))
			if (has_carrier(at, index))
				return 0;
	}
	return r;
}
