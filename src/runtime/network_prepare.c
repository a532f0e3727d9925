/* SPDX-License-Identifier: GPL-2.0-or-later */
/* network_prepare.c owns what is looked up on the host for a container's network before it starts. */
#include "src/runtime/network.h"

#include "src/base/fd.h"
#include "src/base/search.h"
#include "src/runtime/interface.h"
#include "src/runtime/netfiles.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FILE_LIMIT = 1 << 20 };

/* In PATH, then where distributions have it: root's PATH after su may be short. */
static char *find_program(const char *name)
{
	const char *path = getenv("PATH");
	cleanup_free char *places = str_fmt("%s:/usr/local/bin:/usr/bin:/bin", path ? path : "");
	cleanup_strv struct strv files = { 0 };
	search_files(name, places, &files);
	for (size_t i = 0; i < files.len; i++)
		if (*files.items[i] == '/' && access(files.items[i], X_OK) == 0)
			return str_dup(files.items[i]);
	return NULL;
}

/* A default route that is not lo's: proc_net(5), Linux: net/ipv6/route.c for the columns of ipv6_route. */
static bool has_default_route6(void)
{
	cleanup_file FILE *file = fopen("/proc/net/ipv6_route", "re");
	char line[256], destination[33], device[32];
	unsigned prefix;
	while (file && fgets(line, sizeof line, file))
		if (sscanf(line, "%32s %x %*s %*s %*s %*s %*s %*s %*s %31s", destination, &prefix, device) == 3 && prefix == 0 &&
			!str_eq(device, "lo"))
			return true;
	return false;
}

static bool has_default_route(void)
{
	cleanup_file FILE *file = fopen("/proc/net/route", "re");
	char line[256], device[32], destination[16];
	while (file && fgets(line, sizeof line, file))
		if (sscanf(line, "%31s %15s", device, destination) == 2 && str_eq(destination, "00000000"))
			return true;
	return false;
}

/* Which program, and why not. */
static int find_helper(struct spec_network *network, struct err *err)
{
	network->helper = find_program("pasta");
	if (!network->helper)
		network->helper = find_program("slirp4netns");
	if (!network->helper)
		return err_set(err, -ENOENT, "a private network needs pasta; install the package passt");
	if (str_ends(network->helper, "/slirp4netns") && network->port_count)
		return err_set(err, -ENOTSUP, "-p needs pasta; install the package passt (slirp4netns is here, and publishes nothing)");
	cleanup_fd int tun_fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (tun_fd < 0)
		return err_sys(err, "a private network needs /dev/net/tun");
	struct stat st;
	if (geteuid() == 0 && fstat(tun_fd, &st) == 0 && (st.st_mode & 06) != 06)
		return err_set(err, -EACCES, "a private network needs /dev/net/tun for everybody, since containers are not root: "
			"chmod 666 /dev/net/tun");
	return 0;
}

static void read_text(const char *path, struct buf *ret_text)
{
	struct err ignored;
	if (fd_read_file(AT_FDCWD, path, FILE_LIMIT, ret_text, &ignored) < 0 || !ret_text->len ||
		strlen(ret_text->data) != ret_text->len) {
		buf_done(ret_text);
		*ret_text = (struct buf){ 0 };
	}
	buf_str(ret_text, "");
}

/* The host's own address towards the outside, by which services that listen on all addresses are reached. */
static int host_address(char *ret_text, size_t size, struct err *err)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(53) };
	socklen_t len = sizeof address;
	inet_pton(AF_INET, "198.51.100.1", &address.sin_addr); /* RFC 5737: nobody's; nothing is sent */
	cleanup_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
		getsockname(fd, (struct sockaddr *)&address, &len) < 0 || !inet_ntop(AF_INET, &address.sin_addr, ret_text, size))
		return err_sys(err, "--add-host: host-gateway: the host has no address that the container could reach it by");
	return 0;
}

static bool wants_gateway(const struct spec_network *network)
{
	for (size_t i = 0; i < network->hosts.len; i++)
		if (str_ends(network->hosts.items[i], " host-gateway"))
			return true;
	return false;
}

static int write_hosts(struct spec *spec, struct err *err)
{
	cleanup_buf struct buf base = { 0 };
	char gateway[INET_ADDRSTRLEN] = "127.0.0.1";
	struct spec_network *network = &spec->network;
	bool gateway_wanted = wants_gateway(network);
	if (gateway_wanted && network->mode == NETWORK_NONE)
		return err_set(err, -EINVAL, "--add-host: host-gateway cannot be reached with --network none");
	int r = gateway_wanted && network->mode != NETWORK_HOST ? host_address(gateway, sizeof gateway, err) : 0;
	if (network->mode == NETWORK_HOST)
		read_text("/etc/hosts", &base);
	if (r == 0)
		network->hosts_text = netfiles_hosts(spec, base.len ? base.data : NULL, gateway);
	return r;
}

/*
 * The host's nameservers, as far as the container can reach them. Where there are only ones on loopback, those that
 * systemd-resolved itself asks; else the host's 127.0.0.1 port 53, the one port of the host's loopback that pasta then
 * lets the container reach.
 */
static void write_resolv(struct spec_network *network)
{
	static const char *const files[] = { "/etc/resolv.conf", "/run/systemd/resolve/resolv.conf" };
	for (int i = 0; i < 2 && !network->resolv_text; i++) {
		cleanup_buf struct buf text = { 0 };
		read_text(files[i], &text);
		network->resolv_text = netfiles_resolv(network, text.data);
		network->host_nameserver |= i == 0 && netfiles_names_loopback(text.data);
	}
	if (network->resolv_text)
		network->host_nameserver = false;
	else if (network->host_nameserver)
		network->resolv_text = str_fmt("nameserver %s\n",
			str_ends(network->helper, "/slirp4netns") ? INTERFACE_NAMESERVER : "127.0.0.1");
}

int network_prepare(struct spec *spec, char **ret_note, struct err *err)
{
	struct spec_network *network = &spec->network;
	int r = network->mode == NETWORK_PRIVATE ? find_helper(network, err) : 0;
	if (r < 0 && network->asked)
		return r;
	if (r < 0) {
		*ret_note = str_fmt("the container has no network: %s", err->text);
		network->mode = NETWORK_NONE;
		err_clear(err);
	}
	if (network->mode == NETWORK_PRIVATE) {
		network->ipv6 = has_default_route6();
		network->offline = !network->ipv6 && !has_default_route();
		r = network_claim_ports(network, err);
	}
	if (r >= 0 && network->mode != NETWORK_NONE)
		write_resolv(network);
	return r < 0 && network->mode == NETWORK_PRIVATE ? r : write_hosts(spec, err);
}
