/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_netfiles.c: the host's resolv.conf, which its network may have written, on its way to a container's. */
#include "src/runtime/netfiles.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

const unsigned fuzz_rounds = 40000;
FUZZ_SEEDS(SEED("\0nameserver 192.0.2.1\nnameserver 127.0.0.53\nsearch a.example b\noptions edns0 # x\n"), SEED("\1nameserver\t::1\nnameserver 2001:db8::1\n"),
	SEED("\3nameserver fe80::1%eth0\n; comment\nsortlist x\ndomain y"), SEED("\1\n\nnameserver 127.0.0.1"), SEED("\2nameserver 1\r\nnameserver"))

/* The first byte: 1 for IPv6, 2 for the host's network. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t kind = fuzz_byte(&data, &size);
	struct spec_network network = { .mode = kind & 2 ? NETWORK_HOST : NETWORK_PRIVATE, .ipv6 = kind & 1 };
	cleanup_free char *host = fuzz_text(&data, &size);
	cleanup_free char *text = netfiles_resolv(&network, host);
	netfiles_names_loopback(host);
	CHECK(text || network.mode == NETWORK_PRIVATE);
	if (!text || network.mode == NETWORK_HOST)
		return 0;
	CHECK(strstr(text, "nameserver") && str_ends(text, "\n") && !netfiles_names_loopback(text));
	for (const char *line = text; *line; line = strchr(line, '\n') + 1)
		CHECK(!str_starts(line, "nameserver 127.") && strchr(line, '\n'));
	return 0;
}
