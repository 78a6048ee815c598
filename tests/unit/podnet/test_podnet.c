/* SPDX-License-Identifier: Apache-2.0
 *
 * test_podnet.c - pods of two nodes really talk, or really do not
 *
 * Nodes and pods are network namespaces of this process, which goes from one to the
 * other; in a user namespace of its own when it is not root. Nothing leaves it.
 */
#include "podnet/podnet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "podnet/links.h"

enum { NODES = 2, POLL_MS = 20000, LISTEN_PORT = 80 };

static const char *const subnets[] = {"secret", "open"};

struct node {
    int ns;
    char dir[64];
    char address[16];
    struct ipv4_range slice;
    struct podnet *net;
};

struct world {
    int home;
    struct node nodes[NODES];
};

static const struct ipv4_range cidr = {0x0a580000, 16};

static void enter(int ns)
{
    assert_int_equal(setns(ns, CLONE_NEWNET), 0);
}

static int new_namespace(void)
{
    int fd;

    assert_int_equal(unshare(CLONE_NEWNET), 0);
    fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

/* In the namespace that we are in. */
static void run(const char *command)
{
    int status = system(command);

    if (status)
        print_error("%s: %d\n", command, status);
    assert_int_equal(status, 0);
}

/* ------------------------------------------------------------------ a world */

static void make_node(struct world *w, int i, enum podnet_tunnel tunnel,
                      size_t n_subnets)
{
    struct node *node = &w->nodes[i];
    const struct podnet_settings settings = {.cluster = "c",
                                             .node = i ? "n2" : "n1",
                                             .address = node->address,
                                             .dir = node->dir,
                                             .subnets = subnets,
                                             .n_subnets = n_subnets,
                                             .tunnel = tunnel};

    (void)snprintf(node->dir, sizeof(node->dir), "/tmp/berth-podnet.XXXXXX");
    assert_non_null(mkdtemp(node->dir));
    (void)snprintf(node->address, sizeof(node->address), "192.168.5.%d", i + 1);
    node->slice = ipv4_range_part(cidr, 24, (uint64_t)i + 1);
    assert_int_equal(podnet_create(&settings, &node->net, NULL), 0);
}

static void connect_nodes(struct world *w)
{
    struct links *links = NULL;

    w->nodes[0].ns = new_namespace();
    run("ip link set lo up");
    w->nodes[1].ns = new_namespace();
    run("ip link set lo up");
    assert_int_equal(links_open(-1, &links, NULL), 0);
    assert_int_equal(links_make_pair(links, "eth0", w->nodes[0].ns, "eth0", 1500, NULL),
                     0);
    links_close(links);
    for (int i = 0; i < NODES; i++) {
        cleanup(freep) char *command = xasprintf(
            "ip addr add %s/24 dev eth0 && ip link set eth0 up", w->nodes[i].address);

        enter(w->nodes[i].ns);
        run(command);
    }
}

static int set(struct world *w, int i)
{
    const struct node *other = &w->nodes[1 - i];
    const struct podnet_peer peer = {.address = other->address, .slice = other->slice};
    struct err err = {0};
    int rc;

    enter(w->nodes[i].ns);
    rc = podnet_set(w->nodes[i].net, cidr, w->nodes[i].slice, &peer, 1, NULL, &err);
    if (rc)
        print_error("podnet_set: %s\n", err.text);
    return rc;
}

static struct world *make_world(enum podnet_tunnel tunnel, size_t n_subnets)
{
    struct world *w = xcalloc(1, sizeof(*w));

    w->home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    for (int i = 0; i < NODES; i++)
        make_node(w, i, tunnel, n_subnets);
    connect_nodes(w);
    for (int i = 0; i < NODES; i++)
        assert_int_equal(set(w, i), 0);
    return w;
}

static void end_world(struct world *w)
{
    for (int i = 0; i < NODES; i++) {
        podnet_destroy(w->nodes[i].net);
        assert_int_equal(io_remove_tree(w->nodes[i].dir, NULL), 0);
        close(w->nodes[i].ns);
    }
    enter(w->home);
    close(w->home);
    free(w);
}

/* --------------------------------------------------------------------- pods */

struct pod {
    int ns, listener;
    uint32_t job, address;
};

static int listen_here(uint16_t port)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int one = 1;

    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&any, sizeof(any)), 0);
    assert_int_equal(listen(fd, 8), 0);
    return fd;
}

static int wire(struct world *w, int i, struct pod *pod, size_t subnet, uint16_t port)
{
    const struct podnet_port ports = {.host_port = port, .pod_port = LISTEN_PORT};
    struct err err = {0};
    int rc;

    enter(w->nodes[i].ns);
    rc = podnet_wire(w->nodes[i].net, pod->job, 1, subnet, port ? &ports : NULL,
                     port != 0, pod->ns, &pod->address, &err);
    if (rc && rc != -EADDRINUSE)
        print_error("podnet_wire: %s\n", err.text);
    return rc;
}

/* A pod with a listener on its port 80. */
static struct pod make_pod(struct world *w, int i, uint32_t job, size_t subnet,
                           uint16_t port)
{
    struct pod pod = {.ns = new_namespace(), .job = job};

    assert_int_equal(wire(w, i, &pod, subnet, port), 0);
    enter(pod.ns);
    pod.listener = listen_here(LISTEN_PORT);
    return pod;
}

static void end_pod(struct pod *pod)
{
    close(pod->listener);
    close(pod->ns);
}

static uint32_t address_of(const char *text)
{
    uint32_t address = 0;

    assert_int_equal(ipv4_parse(text, &address, NULL), 0);
    return address;
}

/* 0 when a connection from 'ns' is there, else the errno value that ended it. */
static int call(int ns, uint32_t address, uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(port),
                             .sin_addr.s_addr = htonl(address)};
    cleanup(closep) int fd = -1;
    struct pollfd waiting;
    socklen_t len = sizeof(int);
    int code = 0;

    enter(ns);
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return errno;
    waiting = (struct pollfd){.fd = fd, .events = POLLOUT};
    assert_int_equal(poll(&waiting, 1, POLL_MS), 1);
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &len), 0);
    return code;
}

/* Whom the pod's listener believes to talk with. */
static uint32_t caller_of(const struct pod *pod)
{
    struct sockaddr_in from;
    socklen_t len = sizeof(from);
    int fd = accept(pod->listener, (struct sockaddr *)&from, &len);

    assert_true(fd >= 0);
    close(fd);
    return ntohl(from.sin_addr.s_addr);
}

/* -------------------------------------------------------------------- tests */

static void check_talk(enum podnet_tunnel tunnel)
{
    struct world *w = make_world(tunnel, 0);
    struct pod a = make_pod(w, 0, 1, 0, 0), b = make_pod(w, 0, 2, 0, 0);
    struct pod c = make_pod(w, 1, 3, 0, 0);

    assert_int_equal(a.address, address_of("10.88.1.2"));
    assert_int_equal(b.address, address_of("10.88.1.3"));
    assert_int_equal(c.address, address_of("10.88.2.2"));
    assert_int_equal(call(a.ns, b.address, LISTEN_PORT), 0);
    assert_int_equal(caller_of(&b), a.address);
    assert_int_equal(call(a.ns, c.address, LISTEN_PORT), 0);
    assert_int_equal(caller_of(&c), a.address);
    assert_int_equal(call(c.ns, a.address, LISTEN_PORT), 0);
    assert_int_equal(caller_of(&a), c.address);
    /* Nodes reach all pods; an address without a pod is known to be none. */
    assert_int_equal(call(w->nodes[0].ns, a.address, LISTEN_PORT), 0);
    assert_int_equal(call(w->nodes[0].ns, c.address, LISTEN_PORT), 0);
    assert_int_equal(call(a.ns, address_of("10.88.7.7"), LISTEN_PORT), EHOSTUNREACH);
    end_pod(&a);
    end_pod(&b);
    end_pod(&c);
    end_world(w);
}

static void pods_on_one_link_talk_over_routes(void **state)
{
    (void)state;
    check_talk(PODNET_TUNNEL_AUTO);
}

static void pods_talk_through_a_tunnel(void **state)
{
    (void)state;
    check_talk(PODNET_TUNNEL_ALWAYS);
}

static void subnets_do_not_reach_each_other(void **state)
{
    struct world *w = make_world(PODNET_TUNNEL_AUTO, 2);
    struct pod secret[2] = {make_pod(w, 0, 1, 1, 0), make_pod(w, 1, 2, 1, 0)};
    struct pod open[2] = {make_pod(w, 0, 3, 2, 0), make_pod(w, 1, 4, 2, 0)};
    struct pod none = make_pod(w, 0, 5, 0, 0);

    (void)state;
    for (int i = 0; i < NODES; i++) {
        assert_int_equal(call(secret[i].ns, secret[1 - i].address, LISTEN_PORT), 0);
        assert_int_equal(call(open[i].ns, open[1 - i].address, LISTEN_PORT), 0);
        for (int k = 0; k < NODES; k++) {
            assert_int_equal(call(secret[i].ns, open[k].address, LISTEN_PORT),
                             EHOSTUNREACH);
            assert_int_equal(call(open[i].ns, secret[k].address, LISTEN_PORT),
                             EHOSTUNREACH);
        }
        assert_int_equal(call(none.ns, secret[i].address, LISTEN_PORT), EHOSTUNREACH);
        assert_int_equal(call(open[i].ns, none.address, LISTEN_PORT), EHOSTUNREACH);
        assert_int_equal(call(w->nodes[i].ns, secret[1 - i].address, LISTEN_PORT), 0);
    }
    for (int i = 0; i < NODES; i++) {
        end_pod(&secret[i]);
        end_pod(&open[i]);
    }
    end_pod(&none);
    end_world(w);
}

/* What came to 'fd' until the packet with 'last' in it: a sum of bytes. */
static int sum_until(int fd, char last)
{
    int sum = 0;
    char byte = 0;

    while (byte != last) {
        struct pollfd waiting = {.fd = fd, .events = POLLIN};

        assert_int_equal(poll(&waiting, 1, POLL_MS), 1);
        assert_int_equal(recv(fd, &byte, 1, 0), 1);
        sum += byte;
    }
    return sum;
}

static void send_from(int ns, uint32_t source, uint32_t to, char byte)
{
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(source)};
    struct sockaddr_in dest = {
        .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(to)};
    int fd;

    enter(ns);
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&from, sizeof(from)), 0);
    assert_int_equal(
        sendto(fd, &byte, 1, 0, (const struct sockaddr *)&dest, sizeof(dest)), 1);
    close(fd);
}

static void a_pod_cannot_speak_in_anothers_name(void **state)
{
    struct world *w = make_world(PODNET_TUNNEL_AUTO, 0);
    struct pod a = make_pod(w, 0, 1, 0, 0), b = make_pod(w, 0, 2, 0, 0);
    struct pod c = make_pod(w, 1, 3, 0, 0);
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(9)};
    int fd;

    (void)state;
    enter(c.ns);
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&any, sizeof(any)), 0);
    enter(a.ns);
    run("ip addr add 10.88.1.3/32 dev eth0 && ip addr add 172.16.0.1/32 dev eth0");
    send_from(a.ns, b.address, c.address, 1);
    send_from(a.ns, address_of("172.16.0.1"), c.address, 2);
    send_from(a.ns, a.address, c.address, 4);
    assert_int_equal(sum_until(fd, 4), 4);
    close(fd);
    end_pod(&a);
    end_pod(&b);
    end_pod(&c);
    end_world(w);
}

static void a_port_of_the_node_is_the_pods(void **state)
{
    struct world *w = make_world(PODNET_TUNNEL_AUTO, 2);
    uint32_t node = address_of("192.168.5.1");
    struct pod a = make_pod(w, 0, 1, 1, 8080), b = make_pod(w, 0, 2, 2, 0);
    struct pod c = make_pod(w, 1, 3, 2, 0);
    struct pod late = {.ns = new_namespace(), .job = 4};

    (void)state;
    assert_int_equal(call(w->nodes[1].ns, node, 8080), 0);
    assert_int_equal(caller_of(&a), address_of("192.168.5.2"));
    assert_int_equal(call(w->nodes[0].ns, node, 8080), 0);
    /* For pods, too, of whatever subnet, and the very pod. */
    assert_int_equal(call(b.ns, node, 8080), 0);
    assert_int_equal(call(c.ns, node, 8080), 0);
    assert_int_equal(call(a.ns, node, 8080), 0);
    assert_int_equal(wire(w, 0, &late, 0, 8080), -EADDRINUSE);
    assert_null(podnet_find(w->nodes[0].net, 4, 1));
    enter(w->nodes[0].ns);
    assert_int_equal(podnet_unwire(w->nodes[0].net, 1, 1, NULL), 0);
    assert_int_equal(call(w->nodes[1].ns, node, 8080), ECONNREFUSED);
    assert_int_equal(wire(w, 0, &late, 0, 8080), 0);
    close(late.ns);
    end_pod(&a);
    end_pod(&b);
    end_pod(&c);
    end_world(w);
}

/* As a daemon that was killed and is started again. */
static void start_again(struct world *w, int i)
{
    const struct node *node = &w->nodes[i];
    const struct podnet_settings settings = {
        .cluster = "c", .node = "n1", .address = node->address, .dir = node->dir};

    podnet_destroy(w->nodes[i].net);
    assert_int_equal(podnet_create(&settings, &w->nodes[i].net, NULL), 0);
    assert_int_equal(set(w, i), 0);
}

/* A namespace behind the first node, which is its router if it is one. */
static int make_outside(struct world *w)
{
    int outside = new_namespace();
    struct links *links = NULL;

    enter(w->nodes[0].ns);
    assert_int_equal(links_open(-1, &links, NULL), 0);
    assert_int_equal(links_make_pair(links, "eth1", outside, "eth0", 1500, NULL), 0);
    links_close(links);
    run("ip addr add 192.168.6.1/24 dev eth1 && ip link set eth1 up");
    enter(w->nodes[1].ns);
    run("ip route add 192.168.6.0/24 via 192.168.5.1");
    enter(outside);
    run("ip addr add 192.168.6.2/24 dev eth0 && ip link set eth0 up && "
        "ip route add default via 192.168.6.1");
    return outside;
}

/* As the site has it, or not. */
static void set_forwarding(struct world *w, bool is_on)
{
    cleanup(freep) char *note = xasprintf("%s/.forwarding", w->nodes[0].dir);

    (void)unlink(note);
    enter(w->nodes[0].ns);
    run(is_on ? "echo 1 > /proc/sys/net/ipv4/ip_forward"
              : "echo 0 > /proc/sys/net/ipv4/ip_forward");
    start_again(w, 0);
    start_again(w, 0);
}

static void a_node_becomes_no_router_by_its_pods(void **state)
{
    struct world *w = make_world(PODNET_TUNNEL_AUTO, 0);
    struct pod a = make_pod(w, 0, 1, 0, 8080);
    uint32_t other = address_of("192.168.5.2");
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(9)};
    int outside = make_outside(w), fd, listener;

    (void)state;
    set_forwarding(w, true);
    assert_int_equal(call(outside, other, 81), ECONNREFUSED);
    set_forwarding(w, false);
    enter(w->nodes[1].ns);
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&any, sizeof(any)), 0);
    send_from(outside, address_of("192.168.6.2"), other, 1);
    send_from(w->nodes[0].ns, address_of("192.168.5.1"), other, 4);
    assert_int_equal(sum_until(fd, 4), 4);
    close(fd);
    enter(outside);
    listener = listen_here(81);
    assert_int_equal(call(a.ns, address_of("192.168.6.2"), 81), 0);
    assert_int_equal(call(outside, address_of("192.168.6.1"), 8080), 0);
    close(listener);
    enter(w->nodes[0].ns);
    assert_int_equal(podnet_clear(w->nodes[0].net, NULL), 0);
    run("grep -q 0 /proc/sys/net/ipv4/ip_forward");
    close(outside);
    end_pod(&a);
    end_world(w);
}

static bool only_job_1(uint32_t job, uint32_t epoch, void *ctx)
{
    (void)epoch;
    (void)ctx;
    return job == 1;
}

static void a_restart_keeps_what_runs_and_removes_the_rest(void **state)
{
    struct world *w = make_world(PODNET_TUNNEL_AUTO, 0);
    struct pod a = make_pod(w, 0, 1, 0, 8080), b = make_pod(w, 0, 2, 0, 0);
    struct pod c = make_pod(w, 1, 3, 0, 0), d;
    uint32_t before = a.address;
    struct links *links = NULL;

    (void)state;
    start_again(w, 0);
    assert_int_equal(call(c.ns, a.address, LISTEN_PORT), 0);
    assert_int_equal(call(c.ns, address_of("192.168.5.1"), 8080), 0);
    assert_int_equal(wire(w, 0, &a, 0, 8080), 0);
    assert_int_equal(a.address, before);
    assert_int_equal(call(c.ns, a.address, LISTEN_PORT), 0);
    enter(w->nodes[0].ns);
    assert_int_equal(podnet_sweep(w->nodes[0].net, only_job_1, NULL, NULL), 0);
    assert_int_equal(links_open(-1, &links, NULL), 0);
    assert_true(links_has(links, "bpod0a580102"));
    assert_false(links_has(links, "bpod0a580103"));
    links_close(links);
    d = make_pod(w, 0, 4, 0, 0);
    assert_int_not_equal(d.address, before);
    end_pod(&a);
    end_pod(&b);
    end_pod(&c);
    end_pod(&d);
    end_world(w);
}

static void nothing_is_left_when_there_is_no_network_any_more(void **state)
{
    struct world *w = make_world(PODNET_TUNNEL_ALWAYS, 2);
    struct pod a = make_pod(w, 0, 1, 1, 8080);

    (void)state;
    enter(w->nodes[0].ns);
    run("nft list ruleset | grep -q berth_c_n1");
    run("ip link | grep -q bvx && ip link | grep -q bpod");
    assert_int_equal(podnet_clear(w->nodes[0].net, NULL), 0);
    assert_int_equal(podnet_clear(w->nodes[0].net, NULL), 0);
    run("test -z \"$(nft list ruleset)\"");
    run("! ip link | grep -E 'bvx|bpod'");
    run("! ip route | grep 10.88");
    end_pod(&a);
    end_world(w);
}

static void a_device_dies_with_its_pod(void **state)
{
    struct world *w = make_world(PODNET_TUNNEL_AUTO, 0);
    struct pod a = {.ns = new_namespace(), .job = 1};

    (void)state;
    assert_int_equal(wire(w, 0, &a, 0, 0), 0);
    close(a.ns);
    enter(w->nodes[0].ns);
    run("i=0; while ip link | grep -q bpod; do "
        "i=$((i+1)); [ $i -lt 400 ] || exit 1; sleep 0.05; done");
    assert_int_equal(podnet_unwire(w->nodes[0].net, 1, 1, NULL), 0);
    assert_null(podnet_find(w->nodes[0].net, 1, 1));
    end_world(w);
}

static int write_map(const char *path, const char *text)
{
    cleanup(closep) int fd = open(path, O_WRONLY | O_CLOEXEC);

    return fd < 0 ? -errno : io_write_full(fd, text, strlen(text));
}

/* NULL, or why these tests cannot run here. */
static const char *make_room(void)
{
    cleanup(freep) char *uids = xasprintf("0 %u 1", geteuid());
    cleanup(freep) char *gids = xasprintf("0 %u 1", getegid());

    if (system("command -v ip nft >/dev/null") != 0)
        return "ip(8) and nft(8) are needed";
    if (geteuid() == 0)
        return unshare(CLONE_NEWNET) ? "root may not make network namespaces" : NULL;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) ||
        write_map("/proc/self/setgroups", "deny") ||
        write_map("/proc/self/uid_map", uids) || write_map("/proc/self/gid_map", gids))
        return "this machine does not let ordinary users make user namespaces";
    return NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pods_on_one_link_talk_over_routes),
        cmocka_unit_test(pods_talk_through_a_tunnel),
        cmocka_unit_test(subnets_do_not_reach_each_other),
        cmocka_unit_test(a_pod_cannot_speak_in_anothers_name),
        cmocka_unit_test(a_port_of_the_node_is_the_pods),
        cmocka_unit_test(a_node_becomes_no_router_by_its_pods),
        cmocka_unit_test(a_restart_keeps_what_runs_and_removes_the_rest),
        cmocka_unit_test(nothing_is_left_when_there_is_no_network_any_more),
        cmocka_unit_test(a_device_dies_with_its_pod),
    };
    const char *why = NULL;

    (void)setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
    why = make_room();
    if (why) {
        (void)printf("skipped: %s\n", why);
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
