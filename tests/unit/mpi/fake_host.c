/* SPDX-License-Identifier: Apache-2.0
 *
 * fake_host.c - plays the shepherds of a step on one machine
 */
#include "fake_host.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"

enum { MAX_FENCES = 64, TIME_LIMIT_MS = 60000 };

enum message_type {
    MSG_FENCE,
    MSG_MODEX_REQUEST,
    MSG_MODEX_REPLY,
    MSG_ABORT,
    MSG_CLIENT,
    MSG_END_STEP,
};

/* From the plugin's threads to the node's loop, and from node to node. */
struct message {
    enum message_type type;
    uint32_t from, rank, nodes; /* nodes: a mask */
    int status;
    uint64_t cookie, len;
    uint8_t id[16];
};

/* A fence that a node has entered or heard of. */
struct fence {
    uint8_t id[16];
    uint32_t wanted, has; /* masks of nodes */
    char *data[FAKE_MAX_NODES];
    uint64_t len[FAKE_MAX_NODES];
};

/* A modex request that came from another node. */
struct asked {
    uint64_t cookie;
    uint32_t node;
};

struct node {
    uint32_t index;
    const struct fake_step *step;
    const struct berth_mpi_ops *ops;
    struct fake_result *result; /* shared with the parent */
    void *self;
    int events[2]; /* plugin to loop */
    int peers[FAKE_MAX_NODES];
    int out;
    pthread_mutex_t lock; /* of writing to 'events' */
    char dir[64];
    pid_t pids[FAKE_MAX_TASKS];
    uint32_t n_running;
    struct fence fences[MAX_FENCES];
    struct asked asked[256];
    uint64_t n_asked;
};

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static uint32_t node_of_rank(const struct fake_step *step, uint32_t rank)
{
    return step->is_cyclic ? rank % step->n_nodes : rank / step->tasks_per_node;
}

/* A node that has ended already hears nothing. */
static void send_message(int fd, const struct message *m, const void *data)
{
    int rc = io_write_full(fd, m, sizeof(*m));
    if (rc == 0 && m->len)
        rc = io_write_full(fd, data, m->len);
    if (rc < 0 && rc != -EPIPE && rc != -ECONNRESET)
        abort();
}

static void post(struct node *node, const struct message *m, const void *data)
{
    pthread_mutex_lock(&node->lock);
    send_message(node->events[1], m, data);
    pthread_mutex_unlock(&node->lock);
}

/* What the plugin calls, on any thread. */

static void host_fence(void *ctx, const uint8_t id[16], const uint32_t *nodes,
                       size_t n_nodes, const void *data, size_t len)
{
    struct node *node = ctx;
    struct message m = {.type = MSG_FENCE, .from = node->index, .len = len};
    memcpy(m.id, id, sizeof(m.id));
    if (n_nodes == 0)
        m.nodes = (1U << node->step->n_nodes) - 1;
    for (size_t i = 0; i < n_nodes; i++)
        m.nodes |= 1U << nodes[i];
    __atomic_fetch_add(&node->result->n_fences, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&node->result->n_partial_fences, n_nodes != 0, __ATOMIC_RELAXED);
    __atomic_fetch_add(&node->result->fence_bytes, (uint32_t)len, __ATOMIC_RELAXED);
    post(node, &m, data);
}

static void host_modex_request(void *ctx, const char *nspace, uint32_t rank,
                               uint64_t cookie)
{
    struct node *node = ctx;
    (void)nspace;
    struct message m = {
        .type = MSG_MODEX_REQUEST, .from = node->index, .rank = rank, .cookie = cookie};
    __atomic_fetch_add(&node->result->n_modex, 1, __ATOMIC_RELAXED);
    post(node, &m, NULL);
}

static void host_modex_reply(void *ctx, uint64_t cookie, int status, const void *data,
                             size_t len)
{
    struct node *node = ctx;
    struct message m = {.type = MSG_MODEX_REPLY,
                        .from = node->index,
                        .status = status,
                        .cookie = cookie,
                        .len = len};
    post(node, &m, data);
}

static void host_abort(void *ctx, uint32_t rank, int status, const char *words)
{
    struct node *node = ctx;
    (void)words;
    struct message m = {.type = MSG_ABORT, .rank = rank, .status = status};
    post(node, &m, NULL);
}

static void host_client(void *ctx, uint32_t rank, int is_finalized)
{
    struct node *node = ctx;
    struct message m = {.type = MSG_CLIENT, .rank = rank, .status = is_finalized};
    post(node, &m, NULL);
}

/* There is no lead here, and nobody listens: tests/system have both. */

static void host_call(void *ctx, const struct berth_mpi_call *call)
{
    struct node *node = ctx;
    node->ops->answer(node->self, &(struct berth_mpi_answer){.cookie = call->cookie,
                                                             .status = EOPNOTSUPP});
}

static void host_cancel(void *ctx, uint64_t cookie)
{
    (void)ctx, (void)cookie;
}

static void host_tell(void *ctx, const char *nspace, uint32_t to, const void *data,
                      size_t len)
{
    struct node *node = ctx;
    (void)nspace, (void)to, (void)data, (void)len;
    __atomic_fetch_add(&node->result->n_told, 1, __ATOMIC_RELAXED);
}

static void host_write(void *ctx, uint32_t rank, int stream, const void *data,
                       size_t len)
{
    (void)ctx, (void)rank, (void)stream, (void)data, (void)len;
}

/* The node's loop. */

static void tell_peers(struct node *node, uint32_t mask, const struct message *m,
                       const void *data)
{
    for (uint32_t i = 0; i < node->step->n_nodes; i++)
        if (i != node->index && mask & 1U << i)
            send_message(node->peers[i], m, data);
}

static void kill_tasks(struct node *node)
{
    for (uint32_t r = 0; r < FAKE_MAX_TASKS; r++)
        if (node->pids[r] > 0)
            kill(node->pids[r], SIGKILL);
}

static void end_step(struct node *node)
{
    struct message m = {.type = MSG_END_STEP, .from = node->index};
    kill_tasks(node);
    tell_peers(node, ~0U, &m, NULL);
}

/* The oldest fence 'id' that node 'from' has not entered yet. */
static struct fence *find_fence(struct node *node, const uint8_t id[16], uint32_t from)
{
    struct fence *free_one = NULL;
    for (struct fence *f = node->fences; f < node->fences + MAX_FENCES; f++) {
        if (f->has && memcmp(f->id, id, sizeof(f->id)) == 0 && !(f->has & 1U << from))
            return f;
        if (!f->has && !free_one)
            free_one = f;
    }
    if (!free_one)
        abort();
    memcpy(free_one->id, id, sizeof(free_one->id));
    return free_one;
}

static void finish_fence(struct node *node, struct fence *f)
{
    cleanup(freep) char *all = NULL;
    size_t len = 0;
    for (uint32_t i = 0; i < node->step->n_nodes; i++) {
        if (!f->len[i])
            continue;
        all = xrealloc(all, len + f->len[i], 1);
        memcpy(all + len, f->data[i], f->len[i]);
        len += f->len[i];
        free(f->data[i]);
    }
    node->ops->fence_done(node->self, f->id, 0, all, len);
    *f = (struct fence){0};
}

static void on_fence(struct node *node, const struct message *m, char *data)
{
    struct fence *f = find_fence(node, m->id, m->from);
    f->wanted = m->nodes;
    f->has |= 1U << m->from;
    f->data[m->from] = m->len ? xmemdup(data, m->len) : NULL;
    f->len[m->from] = m->len;
    if (m->from == node->index)
        tell_peers(node, m->nodes, m, data);
    if (f->has == f->wanted)
        finish_fence(node, f);
}

static void on_modex_request(struct node *node, const struct message *m)
{
    uint32_t owner = node_of_rank(node->step, m->rank);
    if (owner != node->index) {
        send_message(node->peers[owner], m, NULL);
        return;
    }
    node->asked[node->n_asked] = (struct asked){m->cookie, m->from};
    node->ops->modex_serve(node->self, m->rank, node->n_asked++);
}

static void on_modex_reply(struct node *node, const struct message *m, char *data)
{
    if (m->from != node->index) {
        node->ops->modex_done(node->self, m->cookie, m->status, data, m->len);
        return;
    }
    struct message on = *m;
    on.cookie = node->asked[m->cookie].cookie;
    send_message(node->peers[node->asked[m->cookie].node], &on, data);
}

static void on_abort(struct node *node, const struct message *m)
{
    node->result->n_aborts++;
    node->result->abort_rank = m->rank;
    node->result->abort_status = m->status;
    end_step(node);
}

static void on_client(struct node *node, const struct message *m)
{
    __atomic_fetch_add(m->status ? &node->result->n_finalized
                                 : &node->result->n_connected,
                       1, __ATOMIC_RELAXED);
}

static void on_message(struct node *node, int fd)
{
    struct message m;
    if (io_read_full(fd, &m, sizeof(m)) < 0)
        return;
    cleanup(freep) char *data = m.len ? xmalloc(m.len) : NULL;
    if (m.len && io_read_full(fd, data, m.len) < 0)
        abort();
    switch (m.type) {
    case MSG_FENCE:
        on_fence(node, &m, data);
        break;
    case MSG_MODEX_REQUEST:
        on_modex_request(node, &m);
        break;
    case MSG_MODEX_REPLY:
        on_modex_reply(node, &m, data);
        break;
    case MSG_ABORT:
        on_abort(node, &m);
        break;
    case MSG_CLIENT:
        on_client(node, &m);
        break;
    case MSG_END_STEP:
        kill_tasks(node);
        break;
    }
}

static void reap(struct node *node)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        for (uint32_t r = 0; r < FAKE_MAX_TASKS; r++) {
            if (node->pids[r] != pid)
                continue;
            node->pids[r] = 0;
            node->result->status[r] = status;
            node->n_running--;
            node->ops->task_ended(node->self, r, status);
            if (status)
                end_step(node);
        }
    }
}

static char **environment(struct node *node, uint32_t rank)
{
    char **env = NULL, **given = NULL;
    struct berth_mpi_err err;
    strv_add(&env, "PATH=/usr/bin:/bin");
    strv_take(&env, xasprintf("OMPI_MCA_btl_vader_backing_directory=%s", node->dir));
    if (node->ops->task_env(node->self, rank, &given, &err) < 0) {
        snprintf(node->result->failure, sizeof(node->result->failure), "%s", err.text);
        _exit(1);
    }
    strv_foreach (s, given)
        strv_add(&env, *s);
    strv_foreach (s, node->step->env) {
        cleanup(freep) char *name = xstrndup(*s, strcspn(*s, "="));
        strv_setenv(&env, name, *s + strlen(name) + 1);
    }
    strv_free(given);
    return env;
}

/* The task's own descriptor takes its number, also when it has it already. */
static void hand_over(int wire)
{
    int copy = fcntl(wire, F_DUPFD_CLOEXEC, BERTH_MPI_TASK_FD + 1);

    dup2(copy, BERTH_MPI_TASK_FD);
}

static void start_task(struct node *node, uint32_t rank)
{
    char **env = environment(node, rank);
    int wire = node->ops->task_fd ? node->ops->task_fd(node->self, rank) : -1;
    pid_t pid = fork();
    if (pid == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        dup2(node->out, STDOUT_FILENO);
        dup2(node->out, STDERR_FILENO);
        if (wire >= 0)
            hand_over(wire);
        execve(node->step->argv[0], node->step->argv, env);
        _exit(127);
    }
    closep(&wire);
    strv_free(env);
    node->pids[rank] = pid;
    node->n_running++;
}

static int start_server(struct node *node)
{
    const struct fake_step *step = node->step;
    uint32_t n_tasks = step->n_nodes * step->tasks_per_node, n_local = 0;
    uint32_t rank_node[FAKE_MAX_TASKS], local[FAKE_MAX_TASKS];
    const char *const names[FAKE_MAX_NODES] = {"n0", "n1", "n2", "n3"};
    const char *cpus[FAKE_MAX_TASKS];
    for (uint32_t r = 0; r < n_tasks; r++) {
        rank_node[r] = node_of_rank(step, r);
        if (rank_node[r] == node->index) {
            cpus[n_local] = "0";
            local[n_local++] = r;
        }
    }
    cleanup(freep) char *server_dir = xasprintf("%s/server", node->dir);
    cleanup(freep) char *task_dir = xasprintf("%s/tasks", node->dir);
    mkdir(server_dir, 0700);
    mkdir(task_dir, 0700);
    struct berth_mpi_step described = {.nspace = "berth.1.0.fake",
                                       .node_index = node->index,
                                       .n_nodes = step->n_nodes,
                                       .nodes = names,
                                       .n_tasks = n_tasks,
                                       .rank_node = rank_node,
                                       .local_ranks = local,
                                       .local_cpus = cpus,
                                       .n_local = n_local,
                                       .uid = geteuid(),
                                       .gid = getegid(),
                                       .server_dir = server_dir,
                                       .task_dir = task_dir};
    struct berth_mpi_host host = {.ctx = node,
                                  .fence = host_fence,
                                  .modex_request = host_modex_request,
                                  .modex_reply = host_modex_reply,
                                  .abort = host_abort,
                                  .client = host_client,
                                  .call = host_call,
                                  .cancel = host_cancel,
                                  .tell = host_tell,
                                  .write = host_write};
    struct berth_mpi_err err;
    double begin = now_ms();
    int rc = node->ops->start(&described, &host, &node->self, &err);
    if (rc < 0)
        snprintf(node->result->failure, sizeof(node->result->failure), "%s", err.text);
    if (now_ms() - begin > node->result->start_ms)
        node->result->start_ms = now_ms() - begin;
    for (uint32_t i = 0; rc == 0 && i < n_local; i++)
        start_task(node, local[i]);
    return rc;
}

static int block_sigchld(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

static void loop(struct node *node, int sigchld)
{
    struct pollfd fds[2 + FAKE_MAX_NODES] = {{.fd = sigchld, .events = POLLIN},
                                             {.fd = node->events[0], .events = POLLIN}};
    for (uint32_t i = 0; i < FAKE_MAX_NODES; i++)
        fds[2 + i] = (struct pollfd){.fd = node->peers[i], .events = POLLIN};
    double begin = now_ms();
    while (node->n_running) {
        int left = (int)(begin + TIME_LIMIT_MS - now_ms());
        if (left <= 0 || poll(fds, 2 + FAKE_MAX_NODES, left) == 0) {
            snprintf(node->result->failure, sizeof(node->result->failure),
                     "node %u: the step took too long", node->index);
            kill_tasks(node);
        }
        struct signalfd_siginfo ignored;
        if (fds[0].revents && read(sigchld, &ignored, sizeof(ignored)) > 0)
            reap(node);
        for (int i = 1; i < 2 + FAKE_MAX_NODES; i++) {
            if (fds[i].revents & POLLIN)
                on_message(node, fds[i].fd);
            else if (fds[i].revents)
                fds[i].fd = -1;
        }
    }
    if (now_ms() - begin > node->result->run_ms)
        node->result->run_ms = now_ms() - begin;
}

/* What the plugin said while the last task went is still counted. */
static void drain(struct node *node)
{
    struct pollfd fd = {.fd = node->events[0], .events = POLLIN};
    while (poll(&fd, 1, 0) == 1)
        on_message(node, fd.fd);
}

static void be_node(struct node *node)
{
    signal(SIGPIPE, SIG_IGN);
    int sigchld = block_sigchld();
    pthread_mutex_init(&node->lock, NULL);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, node->events) < 0)
        abort();
    snprintf(node->dir, sizeof(node->dir), "/tmp/berth-fake-XXXXXX");
    if (!mkdtemp(node->dir))
        abort();
    if (start_server(node) == 0) {
        loop(node, sigchld);
        node->ops->stop(node->self);
        drain(node);
    }
    io_remove_tree(node->dir, NULL);
}

static void connect_nodes(uint32_t n, int mesh[FAKE_MAX_NODES][FAKE_MAX_NODES])
{
    for (uint32_t i = 0; i < FAKE_MAX_NODES; i++)
        for (uint32_t j = 0; j < FAKE_MAX_NODES; j++)
            mesh[i][j] = -1;
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t j = i + 1; j < n; j++) {
            int pair[2];
            if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
                abort();
            mesh[i][j] = pair[0];
            mesh[j][i] = pair[1];
        }
    }
}

static void close_row(int row[FAKE_MAX_NODES])
{
    for (uint32_t j = 0; j < FAKE_MAX_NODES; j++)
        closep(&row[j]);
}

void fake_host_run(const struct berth_mpi_ops *ops, const struct fake_step *step,
                   struct fake_result *ret)
{
    int mesh[FAKE_MAX_NODES][FAKE_MAX_NODES];
    struct fake_result *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
                                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int out = memfd_create("tasks", MFD_CLOEXEC);
    if (shared == MAP_FAILED || out < 0)
        abort();
    /* Tasks share the file; each write goes to its end. */
    fcntl(out, F_SETFL, O_APPEND);
    connect_nodes(step->n_nodes, mesh);
    pid_t pids[FAKE_MAX_NODES];
    for (uint32_t i = 0; i < step->n_nodes; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            struct node *node = xcalloc(1, sizeof(*node));
            *node = (struct node){.index = i, .step = step, .ops = ops, .out = out};
            node->result = shared;
            memcpy(node->peers, mesh[i], sizeof(node->peers));
            for (uint32_t j = 0; j < step->n_nodes; j++)
                if (j != i)
                    close_row(mesh[j]);
            be_node(node);
            _exit(0);
        }
    }
    for (uint32_t i = 0; i < step->n_nodes; i++)
        close_row(mesh[i]);
    for (uint32_t i = 0; i < step->n_nodes; i++) {
        int status = 0;
        waitpid(pids[i], &status, 0);
        if (status && !*shared->failure)
            snprintf(shared->failure, sizeof(shared->failure), "node %u ended with %#x",
                     i, (unsigned)status);
    }
    *ret = *shared;
    munmap(shared, sizeof(*shared));
    lseek(out, 0, SEEK_SET);
    io_read_fd(out, 1 << 20, &ret->out, NULL, NULL);
    close(out);
}
