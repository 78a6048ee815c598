/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_port_forward.c - berth port-forward: ports of a pod, on this machine
 *
 * Each connection is a process with a line to the pod's lead of its own, so one that is
 * slow, or breaks, is nobody else's business.
 */
#include "cli/command.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/units.h"
#include "cli/cluster_link.h"
#include "cli/exec_session.h"
#include "cli/object_document.h"
#include "cli/pod_target.h"
#include "cli/step_signals.h"

#define PORTS_MAX 64

struct forward_args {
    struct common common;
    struct object_scope scope;
    const char *address;
};

static const struct usage usage = {
    .synopsis = "berth port-forward [options] POD [LOCAL:]REMOTE...",
    .about =
        "Listen on ports of this machine, and hand each connection to a port of the\n"
        "pod, from inside of its network. It goes on until it is interrupted.",
    .examples = "  berth port-forward web 8080:80\n"
                "  berth port-forward web 5000 :http\n"
                "  berth port-forward job/solve 8888 --address 0.0.0.0\n",
};

static const struct opt opts[] = {
    {"address", 0, OPT_NEEDED, "ADDRESS", .set = opt_string,
     .offset = offsetof(struct forward_args, address),
     .help = "listen there (127.0.0.1)"},
    OPTS_NAMESPACE(struct forward_args, scope),
    OPTS_CONFIG(struct forward_args, common),
    OPTS_HELP,
    OPTS_END,
};

struct port {
    uint16_t local, remote;
    int fd; /* that listens */
};

/* ------------------------------------------------------------------- the ports */

static int port_number(const char *text, uint16_t *ret)
{
    int64_t number;

    if (number_parse(text, 1, UINT16_MAX, &number, NULL) < 0)
        return -EINVAL;
    *ret = (uint16_t)number;
    return 0;
}

/* The number of a port that one of the pod's containers names; 0: none does. */
static uint16_t named_port(json_t *document, const char *name)
{
    json_t *containers = object_at(document, "spec", "containers", NULL), *container;
    size_t i;

    json_array_foreach(containers, i, container)
    {
        json_t *ports = json_object_get(container, "ports"), *port;
        size_t p;

        json_array_foreach(ports, p, port) if (strcmp(object_text(port, "name", NULL),
                                                      name) == 0) return (uint16_t)
            json_integer_value(json_object_get(port, "containerPort"));
    }
    return 0;
}

/* "8080:80", "80", ":80", "8080:http". */
static int parse_port(const char *word, const Berth__ObjectRecord *pod,
                      struct port *ret)
{
    const char *colon = strchr(word, ':');
    const char *remote = colon ? colon + 1 : word;
    cleanup(freep) char *local =
        colon ? xstrndup(word, (size_t)(colon - word)) : xstrdup(word);

    if (port_number(remote, &ret->remote) < 0) {
        json_t *document = object_document_quick(pod);

        ret->remote = named_port(document, remote);
        json_decref(document);
    }
    if (!ret->remote) {
        say_error(
            "'%s': '%s' is not a port, nor does a container of pod %s name one so",
            word, remote, pod->name);
        return -EINVAL;
    }
    if (!colon)
        ret->local = ret->remote;
    else if (local[0] && port_number(local, &ret->local) < 0) {
        say_error("'%s': '%s' is not a port", word, local);
        return -EINVAL;
    }
    return 0;
}

static int listen_on(struct port *port, const char *address)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(port->local)};
    socklen_t len = sizeof(name);
    int one = 1;

    if (inet_pton(AF_INET, address, &name.sin_addr) != 1) {
        say_error("--address: '%s' is not an IPv4 address", address);
        return -EINVAL;
    }
    (void)setsockopt(port->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(port->fd, (struct sockaddr *)&name, sizeof(name)) ||
        listen(port->fd, 64) || getsockname(port->fd, (struct sockaddr *)&name, &len)) {
        say_error("cannot listen on %s:%u: %s", address, port->local, strerror(errno));
        return -EADDRINUSE;
    }
    port->local = ntohs(name.sin_port);
    printf("Forwarding from %s:%u -> %u\n", address, port->local, port->remote);
    (void)fflush(stdout);
    return 0;
}

/* -------------------------------------------------------------- one connection */

/* In a process of its own. */
static int carry(const char *config, const Berth__ObjectRecord *pod, uint16_t port,
                 int connection)
{
    struct berth *berth;
    struct berth_steps *lead;
    Berth__PortRequest request = BERTH__PORT_REQUEST__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    const struct exec_streams streams = {
        .in = connection, .out = connection, .err = STDERR_FILENO, .signal_fd = -1};

    if (link_open(config, &berth) < 0 || pod_target_call(berth, pod, &lead) < 0)
        return STATUS_FAILED;
    request.port = port;
    env.body_case = BERTH__ENVELOPE__BODY_PORT_REQUEST;
    env.port_request = &request;
    return exec_session_request(lead, &env, &streams);
}

static void accept_one(const char *config, const Berth__ObjectRecord *pod,
                       const struct port *port)
{
    int fd = accept4(port->fd, NULL, NULL, SOCK_CLOEXEC);
    pid_t pid;

    if (fd < 0)
        return;
    pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        _exit(carry(config, pod, port->remote, fd));
    }
    if (pid < 0)
        say_error("cannot take a connection: %s", strerror(errno));
    (void)close(fd);
}

static int serve(const char *config, const Berth__ObjectRecord *pod,
                 const struct port *ports, size_t n)
{
    struct pollfd fds[PORTS_MAX + 1];
    int signal_fd = step_signals_open(false), signo = 0;

    while (signo == 0) {
        for (size_t i = 0; i < n; i++)
            fds[i] = (struct pollfd){.fd = ports[i].fd, .events = POLLIN};
        fds[n] = (struct pollfd){.fd = signal_fd, .events = POLLIN};
        if (poll(fds, n + 1, -1) < 0)
            continue;
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
        for (size_t i = 0; i < n; i++)
            if (fds[i].revents)
                accept_one(config, pod, &ports[i]);
        if (fds[n].revents)
            signo = step_signals_next(signal_fd);
    }
    return 128 + signo;
}

static int forward(const struct forward_args *args, const char *word, int n,
                   char **words)
{
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(pod_target_fini) struct pod_target target = {0};
    struct berth_steps *lead;
    struct port ports[PORTS_MAX];

    /* Of the network that we are in now: that of a cluster of one's own, which
     * link_open enters, is nobody else's. */
    for (int i = 0; i < n; i++) {
        ports[i] = (struct port){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        if (ports[i].fd < 0) {
            say_error("socket: %s", strerror(errno));
            return STATUS_FAILED;
        }
    }
    if (link_open(args->common.config, &berth) < 0 ||
        pod_target_find(berth, word, &args->scope, &target) < 0)
        return STATUS_FAILED;
    for (int i = 0; i < n; i++)
        if (parse_port(words[i], target.record, &ports[i]) < 0)
            return STATUS_USAGE;
    if (pod_target_call(berth, target.record, &lead) < 0)
        return STATUS_FAILED;
    berth_steps_close(lead); /* it is there: connections have their own */
    for (int i = 0; i < n; i++)
        if (listen_on(&ports[i], args->address) < 0)
            return STATUS_FAILED;
    return serve(args->common.config, target.record, ports, (size_t)n);
}

int cmd_port_forward(int argc, char **argv)
{
    struct forward_args args = {.address = "127.0.0.1"};
    int next, status;

    status = command_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &next);
    if (status >= 0)
        return status;
    if (argc - next < 2) {
        say_error(next == argc ? "of which pod? Give its name, and ports"
                               : "which ports? [LOCAL:]REMOTE");
        return STATUS_USAGE;
    }
    if (argc - next - 1 > PORTS_MAX) {
        say_error("more than %d ports", PORTS_MAX);
        return STATUS_USAGE;
    }
    return forward(&args, argv[next], argc - next - 1, argv + next + 1);
}
