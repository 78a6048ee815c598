/* SPDX-License-Identifier: Apache-2.0
 *
 * net.c - addresses, the bridge and the nodes' links
 *
 * Links are made by ip(8) in batch mode. In a user's cluster this process has
 * its capabilities from the user namespace; ip gets them as ambient ones.
 */
#include "cluster/cluster.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/capability.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strbuf.h"

#define HEAD_BYTE 254
#define PORTS_TO_TRY 100
#define IP_WORDS_MAX 4096

static uint32_t address_of(const struct sockaddr *sa)
{
    struct sockaddr_in in;

    memcpy(&in, sa, sizeof(in));
    return ntohl(in.sin_addr.s_addr);
}

/* The name of an interface whose network overlaps 'net'/24, or NULL. */
static char *user_of(uint32_t net)
{
    struct ifaddrs *list, *i;
    char *found = NULL;

    if (getifaddrs(&list) < 0)
        return NULL;
    for (i = list; i && !found; i = i->ifa_next) {
        uint32_t mask;

        if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET || !i->ifa_netmask)
            continue;
        mask = address_of(i->ifa_netmask) & 0xffffff00;
        if ((address_of(i->ifa_addr) & mask) == (net & mask))
            found = xstrdup(i->ifa_name);
    }
    freeifaddrs(list);
    return found;
}

static uint32_t hash_of(const char *s)
{
    uint32_t hash = 2166136261u; /* FNV-1a */

    for (; *s; s++)
        hash = (hash ^ (unsigned char)*s) * 16777619u;
    return hash;
}

/* "brth-NAME", or a hash in place of a long name. */
static void name_bridge(struct cluster *c)
{
    int len = snprintf(c->bridge, sizeof(c->bridge), "brth-%s", c->name);

    if (len >= CLUSTER_IFNAME_SIZE)
        (void)snprintf(c->bridge, sizeof(c->bridge), "brth-%08x", hash_of(c->name));
}

static void use_subnet(struct cluster *c, uint32_t net)
{
    name_bridge(c);
    (void)snprintf(c->subnet, sizeof(c->subnet), "%u.%u.%u", net >> 24,
                   net >> 16 & 0xff, net >> 8 & 0xff);
    (void)snprintf(c->address, sizeof(c->address), "%.11s.%d", c->subnet, HEAD_BYTE);
    for (size_t i = 0; i < c->n_nodes; i++)
        (void)snprintf(c->nodes[i].address, sizeof(c->nodes[i].address), "%.11s.%u",
                       c->subnet, (unsigned)(i + 1) & 0xff);
}

static int parse_subnet(const char *text, uint32_t *ret_net, struct err *err)
{
    cleanup(freep) char *address = xstrndup(text, strcspn(text, "/"));
    struct in_addr in;

    if (inet_pton(AF_INET, address, &in) != 1 ||
        strcmp(text + strlen(address), "/24") != 0 || (ntohl(in.s_addr) & 0xff))
        return err_set(err, EINVAL, "'%.64s' is not a subnet like 10.20.30.0/24", text);
    *ret_net = ntohl(in.s_addr);
    return 0;
}

int cluster_choose_subnet(struct cluster *c, const char *given, struct err *err)
{
    uint32_t first = hash_of(c->name), net = 0;
    cleanup(freep) char *interface = NULL;

    if (given) {
        int rc = parse_subnet(given, &net, err);

        if (rc < 0)
            return rc;
        interface = user_of(net);
        if (interface)
            return err_set(err, EADDRINUSE, "%s is in use by interface %s", given,
                           interface);
        use_subnet(c, net);
        return 0;
    }
    for (uint32_t i = 0; i < 256; i++) {
        cleanup(freep) char *used = NULL;

        net = 10u << 24 | 213u << 16 | ((first + i) & 0xff) << 8;
        used = user_of(net);
        if (!used) {
            use_subnet(c, net);
            return 0;
        }
    }
    return err_set(err, EADDRINUSE, "all of 10.213.0.0/16 is in use: name a --subnet");
}

/* Bound and not listened at: so a look disturbs no controller that begins there. */
static bool port_is_free(uint16_t port)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
    cleanup(closep) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int one = 1;

    if (fd < 0)
        return true;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    return bind(fd, (const struct sockaddr *)&any, sizeof(any)) == 0;
}

/* A name that goes with its socket; of this network, as the port is. -1: another
 * cluster that is being made has it. */
static int claim_port(uint16_t port)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int len = snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1,
                       "berth-cluster-port-%u", port);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 &&
        bind(fd, (const struct sockaddr *)&name,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len)) < 0)
        closep(&fd);
    return fd;
}

/* A user's cluster has the port in a network of its own: there nobody else is. */
static bool take_port(struct cluster *c, uint16_t port)
{
    closep(&c->claim);
    if (c->uid == 0) {
        c->claim = claim_port(port);
        if (c->claim < 0)
            return false;
    }
    if (!port_is_free(port)) {
        closep(&c->claim);
        return false;
    }
    c->port = port;
    return true;
}

int cluster_choose_port(struct cluster *c, uint16_t given, struct err *err)
{
    enum { FIRST = 7817 };

    if (given)
        return take_port(c, given)
                   ? 0
                   : err_set(err, EADDRINUSE,
                             "port %u is in use: name another with --port", given);
    for (uint16_t port = FIRST; port < FIRST + PORTS_TO_TRY; port++)
        if (take_port(c, port))
            return 0;
    return err_set(err, EADDRINUSE, "ports %d to %d are in use: name one with --port",
                   FIRST, FIRST + PORTS_TO_TRY - 1);
}

/* Let what is executed next keep this process's network capabilities. */
static void pass_capabilities(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];
    const uint32_t wanted = 1u << CAP_NET_ADMIN | 1u << CAP_SYS_ADMIN;

    if (syscall(SYS_capget, &head, caps) < 0)
        return;
    caps[0].inheritable |= caps[0].permitted & wanted;
    if (syscall(SYS_capset, &head, caps) < 0)
        return;
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0);
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0);
}

static void __attribute__((noreturn))
exec_ip(const char *ip, const struct cluster_node *node, int commands, int words)
{
    if (node && cluster_enter_node(node, NULL) < 0)
        _exit(126);
    (void)dup2(commands, STDIN_FILENO);
    (void)dup2(words, STDOUT_FILENO);
    (void)dup2(words, STDERR_FILENO);
    pass_capabilities();
    (void)execl(ip, "ip", "-force", "-batch", "-", (char *)NULL);
    _exit(127);
}

/* The first line of what ip said. */
static int ip_failed(int words, struct err *err)
{
    char text[IP_WORDS_MAX];
    ssize_t len = pread(words, text, sizeof(text) - 1, 0);

    text[len > 0 ? len : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return err_set(err, EIO, "cannot make the network: %s",
                   text[0] ? text : "ip(8) failed");
}

/* Run the lines of 'commands' in 'node', or here. */
static int run_ip(const struct cluster_node *node, const char *commands,
                  struct err *err)
{
    cleanup(closep) int in = memfd_create("commands", MFD_CLOEXEC);
    cleanup(closep) int words = memfd_create("words", MFD_CLOEXEC);
    cleanup(freep) char *ip = NULL;
    int status = 0;
    pid_t pid;
    int rc = cluster_find_program("ip", "iproute2", &ip, err);

    if (rc < 0)
        return rc;
    if (in < 0 || words < 0 || io_write_full(in, commands, strlen(commands)) < 0 ||
        lseek(in, 0, SEEK_SET) < 0)
        return err_sys(err, errno, "cannot make the network");
    pid = fork();
    if (pid < 0)
        return err_sys(err, errno, "cannot make the network");
    if (pid == 0)
        exec_ip(ip, node, in, words);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : ip_failed(words, err);
}

int cluster_make_bridge(const struct cluster *c, struct err *err)
{
    cleanup(freep) char *commands =
        xasprintf("link add %s type bridge\n"
                  "addr add %s/24 dev %s\n"
                  "link set %s up\n",
                  c->bridge, c->address, c->bridge, c->bridge);

    if (if_nametoindex(c->bridge))
        return err_set(err, EEXIST, "there is a network interface %s already",
                       c->bridge);
    return run_ip(NULL, commands, err);
}

/* "bv", eight digits that are the cluster's own, and the node's number. */
static char *link_name(const struct cluster *c, size_t node)
{
    return xasprintf("bv%08x.%zu", hash_of(c->dir), node + 1);
}

int cluster_link_node(const struct cluster *c, size_t node, struct err *err)
{
    const struct cluster_node *n = &c->nodes[node];
    cleanup(freep) char *link = link_name(c, node);
    cleanup(freep) char *outside =
        xasprintf("link add %s type veth peer name eth0 netns %d\n"
                  "link set %s master %s up\n",
                  link, (int)n->holder.pid, link, c->bridge);
    cleanup(freep) char *inside =
        xasprintf("addr add %s/24 dev eth0\nlink set eth0 up\n", n->address);
    int rc = run_ip(NULL, outside, err);

    return rc < 0 ? rc : run_ip(n, inside, err);
}

int cluster_remove_bridge(const struct cluster *c, struct err *err)
{
    struct strbuf commands = STRBUF_INIT;
    int rc = 0;

    for (size_t i = 0; i < c->n_nodes; i++) {
        cleanup(freep) char *link = link_name(c, i);

        if (if_nametoindex(link))
            strbuf_printf(&commands, "link del %s\n", link);
    }
    if (if_nametoindex(c->bridge))
        strbuf_printf(&commands, "link del %s\n", c->bridge);
    if (commands.len)
        rc = run_ip(NULL, commands.s, err);
    strbuf_fini(&commands);
    /* The links of a namespace that ends go by themselves, maybe while we ask. */
    return if_nametoindex(c->bridge) ? rc : 0;
}
