/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shaping.c owns limiting an interface's bandwidth. */
/*
 * Theory of operation. The kernel can only queue what an interface sends. So what arrives is turned over to a second
 * interface (ifb), which "sends" it to the first one's receiving side at the same rate: queued, not thrown away.
 */
#include "src/runtime/shaping.h"

#include "src/runtime/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <net/if.h>
#include <string.h>

#define SECOND "rate0"

static void add_text(struct netlink *request, int type, const char *text)
{
	netlink_add(request, type, text, strlen(text) + 1);
}

/* tbf: up to 50 ms' worth, but two packets at least, at once; up to 200 ms' worth waits. */
static int limit_sending(int fd, int index, uint64_t rate)
{
	struct netlink request;
	uint64_t bytes = rate / 8;
	uint32_t burst = bytes / 20 > 4000 ? bytes / 20 > UINT32_MAX / 2 ? UINT32_MAX / 2 : bytes / 20 : 4000;
	struct tcmsg head = { .tcm_ifindex = index, .tcm_parent = TC_H_ROOT, .tcm_handle = 1 << 16 };
	struct tc_tbf_qopt options = { .rate = { .rate = bytes > UINT32_MAX ? UINT32_MAX : bytes,
					       .linklayer = TC_LINKLAYER_ETHERNET }, .limit = burst * 4ull > UINT32_MAX ? UINT32_MAX : burst * 4 };
	netlink_begin(&request, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, &head, sizeof head);
	add_text(&request, TCA_KIND, "tbf");
	size_t nest = netlink_nest(&request, TCA_OPTIONS);
	netlink_add(&request, TCA_TBF_PARMS, &options, sizeof options);
	netlink_add(&request, TCA_TBF_BURST, &burst, sizeof burst);
	netlink_add(&request, TCA_TBF_RATE64, &bytes, sizeof bytes);
	netlink_end(&request, nest);
	return netlink_ask(fd, &request);
}

static int make_second(int fd)
{
	struct netlink request;
	struct ifinfomsg head = { .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	netlink_begin(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof head);
	add_text(&request, IFLA_IFNAME, SECOND);
	size_t nest = netlink_nest(&request, IFLA_LINKINFO);
	add_text(&request, IFLA_INFO_KIND, "ifb");
	netlink_end(&request, nest);
	int r = netlink_ask(fd, &request);
	return r < 0 ? r : (int)if_nametoindex(SECOND);
}

static int take_incoming(int fd, int index)
{
	struct netlink request;
	struct tcmsg head = { .tcm_ifindex = index, .tcm_parent = TC_H_INGRESS, .tcm_handle = TC_H_MAKE(TC_H_INGRESS, 0) };
	netlink_begin(&request, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof head);
	add_text(&request, TCA_KIND, "ingress");
	return netlink_ask(fd, &request);
}

/* A filter that matches everything: one key of u32 with an empty mask. */
static int turn_over(int fd, int index, int second)
{
	struct netlink request;
	struct tcmsg head = { .tcm_ifindex = index, .tcm_parent = TC_H_MAKE(TC_H_INGRESS, 0),
		.tcm_info = TC_H_MAKE(1 << 16, htons(ETH_P_ALL)) };
	struct {
		struct tc_u32_sel sel;
		struct tc_u32_key key;
	} match = { .sel = { .flags = TC_U32_TERMINAL, .nkeys = 1 } };
	struct tc_mirred mirred = { .action = TC_ACT_STOLEN, .eaction = TCA_EGRESS_REDIR, .ifindex = second };
	netlink_begin(&request, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof head);
	add_text(&request, TCA_KIND, "u32");
	size_t options = netlink_nest(&request, TCA_OPTIONS);
	netlink_add(&request, TCA_U32_SEL, &match, sizeof match);
	size_t actions = netlink_nest(&request, TCA_U32_ACT), first = netlink_nest(&request, 1);
	add_text(&request, TCA_ACT_KIND, "mirred");
	size_t inner = netlink_nest(&request, TCA_ACT_OPTIONS);
	netlink_add(&request, TCA_MIRRED_PARMS, &mirred, sizeof mirred);
	netlink_end(&request, inner);
	netlink_end(&request, first);
	netlink_end(&request, actions);
	netlink_end(&request, options);
	return netlink_ask(fd, &request);
}

static int refuse(struct err *err, int code, const char *what)
{
	return err_code(err, code, "--net-rate: this kernel cannot limit bandwidth in a network namespace (%s)", what);
}

int shaping_limit(int fd, int index, uint64_t rate, struct err *err)
{
	int r = limit_sending(fd, index, rate);
	if (r < 0)
		return refuse(err, r, "sch_tbf");
	int second = make_second(fd);
	if (second < 0)
		return refuse(err, second, "ifb");
	r = limit_sending(fd, second, rate);
	if (r == 0)
		r = take_incoming(fd, index);
	if (r < 0)
		return refuse(err, r, "sch_ingress");
	r = turn_over(fd, index, second);
	return r < 0 ? refuse(err, r, "cls_u32, act_mirred") : 0;
}
