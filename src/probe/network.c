/* SPDX-License-Identifier: GPL-2.0-or-later */
/* network.c owns what is tried of sockets and of netlink(7). */
#include "src/probe/probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/genetlink.h>
#include <linux/if_alg.h>
#include <linux/if_packet.h>
#include <linux/inet_diag.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* Asks for a dump and reads its first answer, in which an error is a message, too. */
static int ask(int kind, int type, const void *body, size_t len)
{
	struct {
		struct nlmsghdr header;
		char body[64];
	} out = { { NLMSG_LENGTH(len), type, NLM_F_REQUEST | NLM_F_DUMP, 1, 0 }, "" };
	union {
		struct nlmsghdr header;
		char room[16384];
	} in;
	memcpy(out.body, body, len);
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, kind);
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct timeval patience = { .tv_sec = 5 };
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (sendto(fd, &out, NLMSG_LENGTH(len), 0, (struct sockaddr *)&kernel, sizeof kernel) < 0)
		return -errno;
	ssize_t n = recv(fd, &in, sizeof in, 0);
	if (n < 0)
		return -errno;
	if (in.header.nlmsg_type == NLMSG_ERROR)
		return ((struct nlmsgerr *)NLMSG_DATA(&in.header))->error;
	return (size_t)n >= sizeof in.header ? 0 : say("the answer is no message");
}

static int ask_route(void)
{
	struct ifinfomsg body = { .ifi_family = AF_UNSPEC };
	return ask(NETLINK_ROUTE, RTM_GETLINK, &body, sizeof body);
}

static int ask_generic(void)
{
	struct genlmsghdr body = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 };
	return ask(NETLINK_GENERIC, GENL_ID_CTRL, &body, sizeof body);
}

static int ask_sockets(void)
{
	struct inet_diag_req_v2 body = { .sdiag_family = AF_INET, .sdiag_protocol = IPPROTO_TCP, .idiag_states = ~0u };
	return ask(NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, &body, sizeof body);
}

static int ask_tables(void)
{
	struct nfgenmsg body = { .nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0 };
	return ask(NETLINK_NETFILTER, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE, &body, sizeof body);
}

static int open_kind(int kind)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = kind == NETLINK_KOBJECT_UEVENT };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, kind);
	return fd < 0 ? -errno : result(bind(fd, (struct sockaddr *)&address, sizeof address));
}

static int open_uevent(void) { return open_kind(NETLINK_KOBJECT_UEVENT); }
static int open_xfrm(void) { return open_kind(NETLINK_XFRM); }
static int open_audit(void) { return open_kind(NETLINK_AUDIT); }

static int open_packet(void)
{
	return result(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL)));
}

static int open_crypto(void)
{
	struct sockaddr_alg address = { .salg_family = AF_ALG, .salg_type = "hash", .salg_name = "sha256" };
	int fd = socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	return fd < 0 ? -errno : result(bind(fd, (struct sockaddr *)&address, sizeof address));
}

static int pass_descriptor(void)
{
	int ends[2], pipe_ends[2];
	char byte = 'x', room[CMSG_SPACE(sizeof(int))] = "";
	struct iovec data = { &byte, 1 };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room };
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0 || pipe(pipe_ends) < 0)
		return -errno;
	struct cmsghdr *control = CMSG_FIRSTHDR(&message);
	*control = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(control), &pipe_ends[1], sizeof(int));
	if (sendmsg(ends[0], &message, 0) < 0)
		return -errno;
	memset(room, 0, sizeof room);
	if (recvmsg(ends[1], &message, MSG_CMSG_CLOEXEC) < 0)
		return -errno;
	control = CMSG_FIRSTHDR(&message);
	int fd = -1;
	if (control)
		memcpy(&fd, CMSG_DATA(control), sizeof fd);
	return fd >= 0 && write(fd, "y", 1) == 1 ? 0 : say("the descriptor did not arrive");
}

static int ask_peer(void)
{
	int ends[2];
	struct ucred peer = { 0 };
	socklen_t len = sizeof peer;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0 || getsockopt(ends[0], SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return -errno;
	return peer.pid == getpid() && peer.uid == getuid() ? 0 : say("it names another process");
}

static int send_many(void)
{
	int ends[2];
	char text[2] = "x";
	struct iovec data = { text, 1 };
	struct mmsghdr messages[2] = { { .msg_hdr = { .msg_iov = &data, .msg_iovlen = 1 } }, { .msg_hdr = { .msg_iov = &data, .msg_iovlen = 1 } } };
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) < 0)
		return -errno;
	int n = sendmmsg(ends[0], messages, 2, 0);
	if (n != 2)
		return n < 0 ? -errno : say("%d of 2 were sent", n);
	return result(recvmmsg(ends[1], messages, 2, MSG_DONTWAIT, NULL));
}

static int filter_socket(void)
{
	struct sock_filter all[] = { BPF_STMT(BPF_RET | BPF_K, 0xffff) };
	struct sock_fprog program_text = { .len = 1, .filter = all };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return fd < 0 ? -errno : result(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program_text, sizeof program_text));
}

static int join_group(void)
{
	struct ip_mreqn group = { .imr_multiaddr.s_addr = htonl(0xe00000fb), .imr_ifindex = (int)if_nametoindex("lo") };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return fd < 0 ? -errno : result(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group));
}

static int tcp_info(void)
{
	struct tcp_info info;
	socklen_t len = sizeof info;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return fd < 0 ? -errno : result(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len));
}

static int interfaces(void)
{
	char room[4096];
	struct ifconf list = { .ifc_len = sizeof room, .ifc_buf = room };
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCGIFCONF, &list) < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return -errno;
	return request.ifr_flags & IFF_LOOPBACK ? 0 : say("lo is no loopback");
}

const struct probe network_probes[] = {
	{ "netlink route", "ip, getaddrinfo, Go's net", ask_route },
	{ "netlink generic", "iw, WireGuard, taskstats", ask_generic },
	{ "netlink sockets", "ss", ask_sockets },
	{ "netlink netfilter", "nft, iptables-nft", ask_tables },
	{ "netlink uevent", "udev", open_uevent },
	{ "netlink xfrm", "IPsec daemons", open_xfrm },
	{ "netlink audit", "auditd, PAM, systemd", open_audit },
	{ "packet sockets", "tcpdump, DHCP clients", open_packet },
	{ "kernel cryptography", "AF_ALG: cryptsetup, systemd", open_crypto },
	{ "passed descriptors", "D-Bus, Wayland, sshd", pass_descriptor },
	{ "peer credentials", "D-Bus, sudo's and PostgreSQL's peer login", ask_peer },
	{ "sendmmsg", "DNS resolvers, QUIC", send_many },
	{ "socket filters", "tcpdump, DHCP clients, ping", filter_socket },
	{ "multicast", "mDNS, Avahi", join_group },
	{ "TCP_INFO", "web servers, ss", tcp_info },
	{ "interface ioctls", "ifconfig, older tools", interfaces },
	{ 0 },
};
