/* SPDX-License-Identifier: Apache-2.0
 *
 * plugin.c - PMI-1 and PMI-2 for a step: sockets, one thread, the slots of mpi.h
 *
 * The thread owns the server and all sockets. What the host says (a fence is over, a
 * task is gone) comes by an inbox; what the server says goes to the host's functions,
 * which may be called from here.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server.h"

#define READ_BYTES 65536

/* What the host has said. */
struct message {
    struct message *next;
    enum { FENCE_DONE, TASK_ENDED, ANSWER, STOP } kind;
    int status;
    uint32_t rank;
    uint64_t cookie;
    size_t len;
    char data[];
};

struct plugin {
    struct berth_mpi_host host;
    struct server *server;
    int *ours, *theirs; /* ends of the tasks' sockets, by local number; -1 */
    int wake;
    pthread_t thread;
    pthread_mutex_t lock; /* guards the inbox */
    struct message *first, **last;
    bool is_over; /* the thread's */
};

static int fail(struct berth_mpi_err *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static int fail(struct berth_mpi_err *err, int code, const char *fmt, ...)
{
    va_list ap;

    if (err) {
        va_start(ap, fmt);
        (void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
        va_end(ap);
        err->code = code;
    }
    return -code;
}

static void close_one(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

/* -------------------------------------------------------------------- inbox */

static struct message *message_create(int kind, int status, const void *data,
                                      size_t len)
{
    struct message *message = calloc(1, sizeof(*message) + len + 1);

    if (!message)
        abort();
    message->kind = kind;
    message->status = status;
    message->len = len;
    if (len)
        memcpy(message->data, data, len);
    return message;
}

static void post(struct plugin *plugin, struct message *message)
{
    uint64_t one = 1;

    (void)pthread_mutex_lock(&plugin->lock);
    *plugin->last = message;
    plugin->last = &message->next;
    (void)pthread_mutex_unlock(&plugin->lock);
    (void)!write(plugin->wake, &one, sizeof(one));
}

static struct message *take_messages(struct plugin *plugin)
{
    struct message *first;

    (void)pthread_mutex_lock(&plugin->lock);
    first = plugin->first;
    plugin->first = NULL;
    plugin->last = &plugin->first;
    (void)pthread_mutex_unlock(&plugin->lock);
    return first;
}

static void free_messages(struct message *message)
{
    while (message) {
        struct message *next = message->next;

        free(message);
        message = next;
    }
}

/* ------------------------------------------------------------------- thread */

static int *socket_of(struct plugin *plugin, const struct client *client)
{
    return &plugin->ours[client - plugin->server->clients];
}

static void drop(struct plugin *plugin, struct client *client)
{
    client->is_gone = true;
    close_one(socket_of(plugin, client));
}

/* Write what the socket takes; the rest waits for POLLOUT. */
static void flush(struct plugin *plugin, struct client *client)
{
    while (client->out.len && !client->is_gone) {
        ssize_t n = send(*socket_of(plugin, client), client->out.s, client->out.len,
                         MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0)
            drop(plugin, client);
        else
            text_drop(&client->out, (size_t)n);
    }
}

/* Whether there may be more to hear. */
static bool hear(struct plugin *plugin, struct client *client)
{
    static char buffer[READ_BYTES];
    char why[256];
    ssize_t n;

    if (client->is_gone)
        return false;
    n = recv(*socket_of(plugin, client), buffer, sizeof(buffer), MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN)
        return false;
    if (n < 0 && errno == EINTR)
        return true;
    if (n > 0 && client_feed(client, buffer, (size_t)n, why)) {
        plugin->host.abort(plugin->host.ctx, client->rank, 1, why);
        n = 0;
    }
    if (n <= 0)
        drop(plugin, client);
    return n > 0;
}

static void take_message(struct plugin *plugin, const struct message *message)
{
    struct client *client;

    switch (message->kind) {
    case FENCE_DONE:
        server_fence_done(plugin->server, message->status, message->data, message->len);
        break;
    case TASK_ENDED:
        client = server_client(plugin->server, message->rank);
        /* Its last words, such as MPI_Abort's, were written before. */
        while (client && hear(plugin, client))
            ;
        if (client)
            drop(plugin, client);
        break;
    case ANSWER:
        server_answer(plugin->server, message->cookie, message->status, message->data);
        break;
    case STOP:
        plugin->is_over = true;
        break;
    }
}

static void read_inbox(struct plugin *plugin)
{
    struct message *first = take_messages(plugin);
    uint64_t count;

    (void)!read(plugin->wake, &count, sizeof(count));
    for (const struct message *m = first; m && !plugin->is_over; m = m->next)
        take_message(plugin, m);
    free_messages(first);
}

static void wait_for_any(struct plugin *plugin, struct pollfd *fds)
{
    const struct server *server = plugin->server;

    fds[0] = (struct pollfd){.fd = plugin->wake, .events = POLLIN};
    for (uint32_t i = 0; i < server->n_clients; i++) {
        const struct client *client = &server->clients[i];
        short events = POLLIN;

        if (client->out.len)
            events |= POLLOUT;
        fds[i + 1] = (struct pollfd){.fd = plugin->ours[i], .events = events};
    }
    while (poll(fds, server->n_clients + 1, -1) < 0 && errno == EINTR)
        ;
}

static void *serve(void *arg)
{
    struct plugin *plugin = arg;
    struct server *server = plugin->server;
    struct pollfd *fds = calloc(server->n_clients + 1, sizeof(*fds));

    if (!fds)
        abort();
    while (!plugin->is_over) {
        wait_for_any(plugin, fds);
        for (uint32_t i = 0; i < server->n_clients; i++)
            if (fds[i + 1].revents & (POLLIN | POLLHUP | POLLERR))
                (void)hear(plugin, &server->clients[i]);
        if (fds[0].revents)
            read_inbox(plugin);
        for (uint32_t i = 0; i < server->n_clients; i++)
            flush(plugin, &server->clients[i]);
    }
    free(fds);
    return NULL;
}

/* -------------------------------------------------------------------- slots */

static void plugin_free(struct plugin *plugin)
{
    for (uint32_t i = 0; plugin->server && i < plugin->server->n_clients; i++) {
        close_one(&plugin->ours[i]);
        close_one(&plugin->theirs[i]);
    }
    close_one(&plugin->wake);
    free_messages(take_messages(plugin));
    (void)pthread_mutex_destroy(&plugin->lock);
    server_destroy(plugin->server);
    free(plugin->ours);
    free(plugin->theirs);
    free(plugin);
}

static int open_sockets(struct plugin *plugin, struct berth_mpi_err *err)
{
    for (uint32_t i = 0; i < plugin->server->n_clients; i++) {
        int pair[2];

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
            return fail(err, errno, "a socket for task %u: %s",
                        plugin->server->clients[i].rank, strerror(errno));
        plugin->ours[i] = pair[0];
        plugin->theirs[i] = pair[1];
    }
    return 0;
}

/* Signals are the host's business. */
static int start_thread(struct plugin *plugin, struct berth_mpi_err *err)
{
    sigset_t all, old;
    int rc;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    rc = pthread_create(&plugin->thread, NULL, serve, plugin);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    return rc ? fail(err, rc, "a thread for PMI: %s", strerror(rc)) : 0;
}

static int *no_sockets(uint32_t n)
{
    int *fds = calloc(n + 1, sizeof(*fds));

    if (!fds)
        abort();
    memset(fds, -1, (n + 1) * sizeof(*fds));
    return fds;
}

static int start(const struct berth_mpi_step *step, const struct berth_mpi_host *host,
                 void **ret_self, struct berth_mpi_err *err)
{
    struct plugin *plugin = calloc(1, sizeof(*plugin));
    int rc = 0;

    if (!plugin)
        abort();
    plugin->host = *host;
    plugin->last = &plugin->first;
    plugin->ours = no_sockets(step->n_local);
    plugin->theirs = no_sockets(step->n_local);
    (void)pthread_mutex_init(&plugin->lock, NULL);
    plugin->server = server_create(step, &plugin->host);
    plugin->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (plugin->wake < 0)
        rc = fail(err, errno, "an event descriptor: %s", strerror(errno));
    if (!rc)
        rc = open_sockets(plugin, err);
    if (!rc)
        rc = start_thread(plugin, err);
    if (rc) {
        plugin_free(plugin);
        return rc;
    }
    *ret_self = plugin;
    return 0;
}

/* The next place of an environment that has room for it. */
static void add(char **env, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(char **env, const char *fmt, ...)
{
    va_list ap;
    int n;

    while (*env)
        env++;
    va_start(ap, fmt);
    n = vasprintf(env, fmt, ap);
    va_end(ap);
    if (n < 0)
        abort();
}

static int task_env(void *self, uint32_t rank, char ***ret_env,
                    struct berth_mpi_err *err)
{
    const struct plugin *plugin = self;
    char **env = calloc(12, sizeof(*env));

    (void)err;
    if (!env)
        abort();
    add(env, "PMI_FD=%d", BERTH_MPI_TASK_FD);
    add(env, "PMI_RANK=%u", rank);
    add(env, "PMI_SIZE=%u", plugin->server->n_tasks);
    add(env, "PMI_SPAWNED=%d", plugin->server->is_spawned);
    add(env, "PMI_JOBID=%s", plugin->server->name);
    *ret_env = env;
    return 0;
}

static int task_fd(void *self, uint32_t rank)
{
    struct plugin *plugin = self;
    const struct client *client = server_client(plugin->server, rank);
    int *fd = client ? &plugin->theirs[client - plugin->server->clients] : NULL;
    int taken = fd ? *fd : -1;

    if (fd)
        *fd = -1;
    return taken;
}

static void fence_done(void *self, const uint8_t id[16], int status, const void *data,
                       size_t len)
{
    (void)id; /* there is one kind only */
    post(self, message_create(FENCE_DONE, status, data, len));
}

static void task_ended(void *self, uint32_t rank, int status)
{
    struct message *message = message_create(TASK_ENDED, status, NULL, 0);

    message->rank = rank;
    post(self, message);
}

/* Of a lookup the port, of a spawn the new step's name. */
static void take_answer(void *self, const struct berth_mpi_answer *answer)
{
    bool is_step = answer->nspace && *answer->nspace;
    const void *data = is_step ? answer->nspace : answer->data;
    size_t len = is_step ? strlen(answer->nspace) : answer->len;
    struct message *message = message_create(ANSWER, answer->status, data, len);

    message->cookie = answer->cookie;
    post(self, message);
}

static void stop(void *self)
{
    struct plugin *plugin = self;

    if (!plugin)
        return;
    post(plugin, message_create(STOP, 0, NULL, 0));
    (void)pthread_join(plugin->thread, NULL);
    plugin_free(plugin);
}

static const struct berth_mpi_ops ops = {
    .start = start,
    .task_env = task_env,
    .task_fd = task_fd,
    .fence_done = fence_done,
    .task_ended = task_ended,
    .answer = take_answer,
    .stop = stop,
};

extern const struct berth_mpi_plugin berth_mpi_plugin;

__attribute__((visibility("default")))
const struct berth_mpi_plugin berth_mpi_plugin = {
    .abi = BERTH_MPI_ABI,
    .ops_size = sizeof(struct berth_mpi_ops),
    .name = "pmi2",
    .summary = "PMI-1 and PMI-2, for MPICH, Intel MPI and what descends from them",
    .ops = &ops,
};
