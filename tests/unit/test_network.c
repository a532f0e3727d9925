/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_network.c: what is asked of a container's network, and the files of /etc that come of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "src/plan/network.h"
#include "src/plan/parts.h"
#include "src/runtime/netfiles.h"

#include <errno.h>
#include <string.h>

struct fixture {
	struct request request;
	struct strv exposed;
	struct spec spec;
	struct err err;
};

static int set_up(void **state)
{
	struct fixture *f = mem_new(sizeof *f);
	f->spec.name = str_dup("crate");
	f->spec.hostname = str_dup("box");
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	request_done(&f->request);
	strv_done(&f->exposed);
	spec_done(&f->spec);
	free(f);
	return 0;
}

static void refused(struct fixture *f, const char *text)
{
	assert_true(plan_network(&f->request, &f->exposed, &f->spec, &f->err) < 0);
	assert_non_null(strstr(f->err.text, text));
}

static void the_network_is_private_unless_another_is_asked_for(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *name;
		enum network mode;
	} modes[] = { { "none", NETWORK_NONE }, { "host", NETWORK_HOST }, { "private", NETWORK_PRIVATE }, { "bridge", NETWORK_PRIVATE } };
	assert_int_equal(plan_network(&f->request, &f->exposed, &f->spec, &f->err), 0);
	assert_int_equal(f->spec.network.mode, NETWORK_PRIVATE);
	assert_false(f->spec.network.asked);
	for (size_t i = 0; i < 4; i++) {
		f->request.network = modes[i].name;
		assert_int_equal(plan_network(&f->request, &f->exposed, &f->spec, &f->err), 0);
		assert_int_equal(f->spec.network.mode, modes[i].mode);
		assert_true(f->spec.network.asked);
	}
	f->request.network = "lan";
	refused(f, "--network lan");
}

static void ports_are_written_as_for_docker(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *text;
		struct spec_port port;
	} cases[] = {
		{ "80", { "", 0, 80, 1, false } },
		{ "8080:80", { "", 8080, 80, 1, false } },
		{ "8080:80/tcp", { "", 8080, 80, 1, false } },
		{ "53:53/udp", { "", 53, 53, 1, true } },
		{ "127.0.0.1:8080:80", { "127.0.0.1", 8080, 80, 1, false } },
		{ "127.0.0.1::80", { "127.0.0.1", 0, 80, 1, false } },
		{ "[::1]:8080:80", { "::1", 8080, 80, 1, false } },
		{ "8000-8009:80-89", { "", 8000, 80, 10, false } },
		{ "80-89/udp", { "", 0, 80, 10, true } },
		{ "65535:65535", { "", 65535, 65535, 1, false } },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(network_add_port(&f->spec.network, cases[i].text, &f->err), 0);
		const struct spec_port *port = &f->spec.network.ports[i];
		assert_string_equal(port->address, cases[i].port.address);
		assert_int_equal(port->host, cases[i].port.host);
		assert_int_equal(port->container, cases[i].port.container);
		assert_int_equal(port->count, cases[i].port.count);
		assert_int_equal(port->udp, cases[i].port.udp);
	}
}

static void what_is_no_port_is_refused(void **state)
{
	struct fixture *f = *state;
	static const char *const cases[] = { "", "0", "65536", "8080:", ":80", "a:80", "80:a", "80/sctp", "80/", "8000-8001:80", "80-79",
		"1.2.3:80:80", "::1:80:80", "127.0.0.1:80:80:80", "-80", "80-", " 80", "8080:80,90", "[::1:80:80", "127.0.0.1/80:80" };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(network_add_port(&f->spec.network, cases[i], &f->err), -EINVAL);
		assert_non_null(strstr(f->err.text, "-p "));
	}
	assert_int_equal(f->spec.network.port_count, 0);
}

static void what_the_image_exposes_is_published_once_by_publish_all(void **state)
{
	struct fixture *f = *state;
	f->request.publish_all = true;
	strv_add(&f->exposed, "80/tcp");
	strv_add(&f->exposed, "53/udp");
	strv_add(&f->exposed, "8080");
	strv_add(&f->request.publish, "9000:80");
	assert_int_equal(plan_network(&f->request, &f->exposed, &f->spec, &f->err), 0);
	assert_int_equal(f->spec.network.port_count, 3);
	assert_int_equal(f->spec.network.ports[0].host, 9000);
	assert_int_equal(f->spec.network.ports[1].container, 53);
	assert_true(f->spec.network.ports[1].udp && f->spec.network.ports[1].host == 0);
	assert_int_equal(f->spec.network.ports[2].container, 8080);
	strv_add(&f->exposed, "1:2");
	refused(f, "-P: the image exposes 1:2");
}

static void what_a_shared_network_cannot_have_is_refused(void **state)
{
	struct fixture *f = *state;
	f->request.network = "host";
	f->request.net_rate = "1m";
	refused(f, "--net-rate does not go with --network host");
	f->request.net_rate = NULL;
	f->request.mac_address = "02:42:ac:11:00:02";
	refused(f, "--mac-address does not go with --network host");
	f->request.mac_address = NULL;
	f->request.network = "none";
	strv_add(&f->request.publish, "80:80");
	refused(f, "-p does not go with --network none");
}

static void a_rate_is_in_bits_per_second(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = { "", "fast", "7k", "10mb", "-1", "1.5m", "2000g", "1 m" };
	f->request.net_rate = "10m";
	assert_int_equal(plan_network(&f->request, &f->exposed, &f->spec, &f->err), 0);
	assert_int_equal(f->spec.network.rate, 10000000);
	f->request.net_rate = "64000";
	assert_int_equal(plan_network(&f->request, &f->exposed, &f->spec, &f->err), 0);
	assert_int_equal(f->spec.network.rate, 64000);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		f->request.net_rate = bad[i];
		refused(f, "--net-rate");
	}
}

static void a_mac_address_is_that_of_one_station(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = { "", "02:42:ac:11:00", "02:42:ac:11:00:02:03", "03:42:ac:11:00:02", "2:42:ac:11:00:02", "02-42-ac-11-00-02" };
	f->request.mac_address = "02:42:ac:11:00:02";
	assert_int_equal(plan_network(&f->request, &f->exposed, &f->spec, &f->err), 0);
	assert_string_equal(f->spec.network.mac, "02:42:ac:11:00:02");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		f->request.mac_address = bad[i];
		refused(f, "--mac-address");
	}
}

static void nothing_can_be_smuggled_into_the_files(void **state)
{
	struct fixture *f = *state;
	static const char *const hosts[] = { "a", "a:", ":1.2.3.4", "a b:1.2.3.4", "a\nb:1.2.3.4", "a:1.2.3.4\n5.6.7.8 b", "a:name", "#:1.2.3.4" };
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		strv_done(&f->request.add_host);
		strv_add(&f->request.add_host, hosts[i]);
		refused(f, "--add-host");
	}
	strv_done(&f->request.add_host);
	strv_add(&f->request.dns_search, "a\nnameserver 6.6.6.6");
	refused(f, "--dns-search");
	strv_done(&f->request.dns_search);
	strv_add(&f->request.dns_search, "b\xc3\xbc" "cher.example");
	refused(f, "--dns-search");
	strv_done(&f->request.dns_search);
	strv_add(&f->request.dns, "dns.example");
	refused(f, "--dns dns.example");
}

static void what_is_described_is_recalled(void **state)
{
	struct fixture *f = *state;
	struct spec other = { 0 };
	cleanup_strv struct strv lines = { 0 }, again = { 0 };
	static const char *const ports[] = { "8080:80", "127.0.0.1::53/udp", "[::1]:1000-1009:2000-2009" };
	for (size_t i = 0; i < 3; i++)
		strv_add(&f->request.publish, ports[i]);
	strv_add(&f->request.add_host, "a:1.2.3.4");
	strv_add(&f->request.add_host, "b=[fd00::1]");
	strv_add(&f->request.add_host, "c:host-gateway");
	strv_add(&f->request.dns, "9.9.9.9");
	strv_add(&f->request.dns_search, "one.example");
	strv_add(&f->request.dns_search, "two.example");
	strv_add(&f->request.dns_options, "ndots:2");
	f->request.mac_address = "02:42:ac:11:00:02";
	f->request.net_rate = "10m";
	assert_int_equal(plan_network(&f->request, &f->exposed, &f->spec, &f->err), 0);
	network_describe(&f->spec.network, &lines);
	assert_int_equal(lines.len, 8);
	for (size_t i = 0; i < lines.len; i++) {
		cleanup_free char *copy = str_dup(lines.items[i]);
		char *value = strchr(copy, '=');
		*value++ = 0;
		assert_int_equal(network_recall(&other.network, copy, value, &f->err), 0);
	}
	network_describe(&other.network, &again);
	assert_int_equal(again.len, lines.len);
	for (size_t i = 0; i < lines.len; i++)
		assert_string_equal(again.items[i], lines.items[i]);
	assert_int_equal(network_recall(&other.network, "weather", "fine", &f->err), -ENOENT);
	spec_done(&other);
}

static void hosts_has_localhost_the_container_and_what_was_added(void **state)
{
	struct fixture *f = *state;
	strv_add(&f->request.add_host, "db:192.0.2.7");
	strv_add(&f->request.add_host, "host.example:host-gateway");
	assert_int_equal(plan_network(&f->request, &f->exposed, &f->spec, &f->err), 0);
	cleanup_free char *text = netfiles_hosts(&f->spec, NULL, "192.0.2.1");
	assert_true(str_starts(text, "127.0.0.1\tlocalhost\n"));
	assert_non_null(strstr(text, "\n192.0.2.7\tdb\n192.0.2.1\thost.example\n"));
	assert_true(str_ends(text, "\n10.0.2.100\tbox crate\n"));
}

static void hosts_begins_with_the_hosts_own_when_its_network_is_shared(void **state)
{
	struct fixture *f = *state;
	f->request.network = "host";
	assert_int_equal(plan_network(&f->request, &f->exposed, &f->spec, &f->err), 0);
	cleanup_free char *text = netfiles_hosts(&f->spec, "192.0.2.9 printer", "127.0.0.1");
	assert_string_equal(text, "192.0.2.9 printer\n127.0.1.1\tbox crate\n");
}

static void resolv_has_what_the_container_can_reach(void **state)
{
	struct fixture *f = *state;
	static const char host[] = "# made by hand\nnameserver 127.0.0.53\nnameserver 192.0.2.53\nnameserver fe80::1%eth0\n"
				   "nameserver fd00::53\nnameserver ::1\nsearch one.example two.example\noptions edns0\nsortlist 10.0.0.0\n";
	assert_int_equal(plan_network(&f->request, &f->exposed, &f->spec, &f->err), 0);
	cleanup_free char *v4 = netfiles_resolv(&f->spec.network, host);
	assert_string_equal(v4, "nameserver 192.0.2.53\nsearch one.example two.example\noptions edns0\n");
	f->spec.network.ipv6 = true;
	cleanup_free char *v6 = netfiles_resolv(&f->spec.network, host);
	assert_string_equal(v6, "nameserver 192.0.2.53\nnameserver fd00::53\nsearch one.example two.example\noptions edns0\n");
	assert_null(netfiles_resolv(&f->spec.network, "nameserver 127.0.0.53\nsearch x.example\n"));
	assert_null(netfiles_resolv(&f->spec.network, ""));
}

static void resolv_is_the_hosts_own_when_its_network_is_shared(void **state)
{
	struct fixture *f = *state;
	f->request.network = "host";
	assert_int_equal(plan_network(&f->request, &f->exposed, &f->spec, &f->err), 0);
	cleanup_free char *text = netfiles_resolv(&f->spec.network, "nameserver\t127.0.0.53  \r\nnameserver ::1");
	assert_string_equal(text, "nameserver 127.0.0.53\nnameserver ::1\n");
}

static void what_was_asked_for_replaces_lines_of_its_kind(void **state)
{
	struct fixture *f = *state;
	strv_add(&f->request.dns, "9.9.9.9");
	strv_add(&f->request.dns_search, ".");
	assert_int_equal(plan_network(&f->request, &f->exposed, &f->spec, &f->err), 0);
	cleanup_free char *text = netfiles_resolv(&f->spec.network, "nameserver 192.0.2.53\nsearch one.example\noptions edns0\n");
	assert_string_equal(text, "nameserver 9.9.9.9\noptions edns0\n");
}

static void a_nameserver_on_loopback_is_found(void **state)
{
	(void)state;
	assert_true(netfiles_names_loopback("search x\nnameserver 127.0.0.1\n"));
	assert_false(netfiles_names_loopback("#nameserver 127.0.0.1\nnameserver 127.0.0.11\nnameserver127.0.0.1"));
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
	const struct CMUnitTest tests[] = {
		test(the_network_is_private_unless_another_is_asked_for),
		test(ports_are_written_as_for_docker),
		test(what_is_no_port_is_refused),
		test(what_the_image_exposes_is_published_once_by_publish_all),
		test(what_a_shared_network_cannot_have_is_refused),
		test(a_rate_is_in_bits_per_second),
		test(a_mac_address_is_that_of_one_station),
		test(nothing_can_be_smuggled_into_the_files),
		test(what_is_described_is_recalled),
		test(hosts_has_localhost_the_container_and_what_was_added),
		test(hosts_begins_with_the_hosts_own_when_its_network_is_shared),
		test(resolv_has_what_the_container_can_reach),
		test(resolv_is_the_hosts_own_when_its_network_is_shared),
		test(what_was_asked_for_replaces_lines_of_its_kind),
		test(a_nameserver_on_loopback_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
