/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_probes.c - probes and hooks of a pod's containers
 *
 * Each is an errand: a program in the container, a question over the pod's network, or
 * a while. One that src/pod does not wait for any more is forgotten, and its program
 * killed; time limits are src/pod's, which stops what is late.
 */
#include "shepherd/pod_probes.h"

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "probe/probe.h"
#include "shepherd/pod_network.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Ids of programs: far above those that clients' programs get. */
#define FIRST_ID (TASK_GUEST + 0x40000000u)
/* So much of what a program wrote is told. */
#define WORDS_MAX 512

/* berth-probe, and for whom; NULL: nobody any more. */
struct asker {
    uv_process_t process;
    struct errand *errand;
};

struct errand {
    struct errand *next;
    struct asker *asker;
    struct pod_member *member;
    bool is_hook;
    enum pod_hook hook;
    enum pod_probe probe;
    uint32_t run;
    struct probe_run *question; /* NULL: it is none */
    uint32_t id;                /* of its program; 0: it has none */
    int out;                    /* what that writes; -1 */
    uv_poll_t poll;             /* of it */
    struct strbuf words;
    uv_timer_t timer; /* of a while */
    unsigned int n_handles;
};

struct pod_probes {
    struct errand *first;
    uint32_t last_id;
};

static struct pod_probes *probes_of(struct pod_lead *pl)
{
    if (!pl->probes) {
        pl->probes = xcalloc(1, sizeof(*pl->probes));
        pl->probes->last_id = FIRST_ID;
    }
    return pl->probes;
}

/* ----------------------------------------------------------------- an errand's life */

static struct errand *errand_create(struct pod_member *member,
                                    const struct pod_todo *todo, bool is_hook)
{
    struct pod_probes *probes = probes_of(member->of);
    struct errand *errand = xcalloc(1, sizeof(*errand));

    errand->member = member;
    errand->is_hook = is_hook;
    errand->hook = todo->hook;
    errand->probe = todo->probe;
    errand->run = todo->run;
    errand->out = -1;
    errand->next = probes->first;
    probes->first = errand;
    return errand;
}

static void errand_free(struct errand *errand)
{
    closep(&errand->out);
    strbuf_fini(&errand->words);
    free(errand);
}

static void on_closed(uv_handle_t *handle)
{
    struct errand *errand = handle->data;

    if (--errand->n_handles == 0)
        errand_free(errand);
}

/* What its program does after this is nobody's business. */
static void errand_end(struct errand *errand)
{
    struct errand **slot = &probes_of(errand->member->of)->first;

    while (*slot != errand)
        slot = &(*slot)->next;
    *slot = errand->next;
    probe_cancel(errand->question);
    if (errand->asker) {
        errand->asker->errand = NULL;
        (void)uv_process_kill(&errand->asker->process, SIGKILL);
    }
    if (errand->poll.data)
        uv_close((uv_handle_t *)&errand->poll, on_closed);
    if (errand->timer.data)
        uv_close((uv_handle_t *)&errand->timer, on_closed);
    if (errand->n_handles == 0)
        errand_free(errand);
}

/* How it went; the errand is over. */
static void report(struct errand *errand, bool is_good, const char *words)
{
    struct pod_member *member = errand->member;
    cleanup(freep) char *copy = words && *words ? xstrdup(words) : NULL;
    const struct pod_event event = {
        .kind = errand->is_hook ? POD_HOOK_DONE : POD_PROBE_DONE,
        .container = member->index,
        .hook = errand->hook,
        .probe = errand->probe,
        .run = errand->run,
        .is_good = is_good,
        .words = copy,
    };

    errand_end(errand);
    pod_lead_tell(member->of, &event);
}

/* ------------------------------------------------------------------------- a while */

static void on_while_over(uv_timer_t *timer)
{
    report(timer->data, true, NULL);
}

static void wait_for(struct errand *errand, int64_t seconds)
{
    (void)uv_timer_init(errand->member->of->sh->loop, &errand->timer);
    errand->timer.data = errand;
    errand->n_handles++;
    (void)uv_timer_start(&errand->timer, on_while_over, (uint64_t)seconds * 1000, 0);
}

/* ----------------------------------------------------------------------- a question */

static void on_answer(void *ctx, bool is_good, const char *words)
{
    struct errand *errand = ctx;

    errand->question = NULL;
    report(errand, is_good, words);
}

static int socket_of_pod(void *ctx, int family, struct err *err)
{
    struct pod_lead *pl = ctx;

    return sandbox_socket(pl->sandbox, family, SOCK_STREAM, 0, err);
}

static uint16_t port_of(const struct mf_container *spec, const struct mf_port_ref *ref)
{
    for (size_t i = 0; ref->name && i < spec->ports.n; i++)
        if (spec->ports.items[i].name && !strcmp(spec->ports.items[i].name, ref->name))
            return (uint16_t)spec->ports.items[i].container_port;
    return (uint16_t)ref->number;
}

/* The pod's own; without any, it has a loopback device. */
static const char *address_of(const struct pod_lead *pl, const char *host)
{
    const char *address = pod_network_address(pl);
    struct sockaddr_in6 any;
    bool is_address = uv_ip4_addr(address, 0, (struct sockaddr_in *)&any) == 0 ||
                      uv_ip6_addr(address, 0, &any) == 0;

    return host && *host ? host : is_address ? address : "127.0.0.1";
}

/* Its words come before src/pod stops it, which knows less of why. */
static uint64_t time_left_ms(int64_t deadline)
{
    int64_t left = (deadline - pod_lead_now()) / 1000;

    return deadline == POD_NEVER ? 0 : left > 1 ? (uint64_t)left : 1;
}

static void ask(struct errand *errand, const struct mf_http_get *http,
                const struct mf_tcp_socket *tcp, int64_t deadline)
{
    struct pod_member *member = errand->member;
    struct pod_lead *pl = member->of;
    const struct probe_wish wish = {
        .is_http = http,
        .host = address_of(pl, http ? http->host : tcp->host),
        .port = port_of(member->spec, http ? &http->port : &tcp->port),
        .path = http ? http->path : NULL,
        .headers = http ? &http->headers : NULL,
        .any_status = errand->is_hook,
        .timeout_ms = time_left_ms(deadline),
        .get_socket = socket_of_pod,
        .socket_ctx = pl,
    };
    struct err err;

    if (probe_start(pl->sh->loop, &wish, on_answer, errand, &errand->question, &err))
        report(errand, false, err.text);
}

/* ------------------------------------------------------------------------ a program */

/* Read what is there, keep the beginning. False: no more will come. */
static bool take_output(struct errand *errand)
{
    char piece[4096];

    for (;;) {
        ssize_t n = read(errand->out, piece, sizeof(piece));
        size_t room = WORDS_MAX - errand->words.len;

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 && errno == EAGAIN;
        strbuf_add(&errand->words, piece, (size_t)n < room ? (size_t)n : room);
    }
}

static void on_output(uv_poll_t *poll, int status, int events)
{
    struct errand *errand = poll->data;

    (void)events;
    if (status < 0 || !take_output(errand))
        (void)uv_poll_stop(poll);
}

/* One line of printable words out of what a program wrote. */
static void make_plain(struct strbuf *words)
{
    /* What was cut in the middle of a character ends before it. */
    if (words->len == WORDS_MAX)
        while (words->len && (words->s[words->len - 1] & 0x80))
            strbuf_cut(words, words->len - 1);
    for (size_t i = 0; i < words->len; i++)
        if ((unsigned char)words->s[i] < ' ' || words->s[i] == 0x7f)
            words->s[i] = ' ';
    while (words->len && words->s[words->len - 1] == ' ')
        strbuf_cut(words, words->len - 1);
}

static void program_ended(struct errand *errand, const struct container_event *event)
{
    struct strbuf *words = &errand->words;
    cleanup(freep) char *told = NULL;
    int status = event->status;

    (void)take_output(errand);
    make_plain(words);
    if (event->words[0])
        told = xstrdup(event->words);
    else
        told = xasprintf("%s %d%s%s",
                         WIFSIGNALED(status) ? "killed by signal" : "exit status",
                         WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
                         words->len ? ": " : "", words->len ? words->s : "");
    report(errand, status == 0, status == 0 ? NULL : told);
}

static int open_output(struct errand *errand, int fds[3], struct err *err)
{
    int pipe_fds[2];

    if (pipe2(pipe_fds, O_CLOEXEC))
        return err_sys(err, errno, "pipe");
    errand->out = pipe_fds[0];
    fds[1] = pipe_fds[1];
    fds[2] = fcntl(fds[1], F_DUPFD_CLOEXEC, 0);
    fds[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    (void)fcntl(errand->out, F_SETFL, O_NONBLOCK);
    if (uv_poll_init(errand->member->of->sh->loop, &errand->poll, errand->out))
        return err_set(err, EIO, "the output of a probe cannot be waited for");
    errand->poll.data = errand;
    errand->n_handles++;
    (void)uv_poll_start(&errand->poll, UV_READABLE, on_output);
    return 0;
}

static void run_program(struct errand *errand, const struct mf_exec *exec)
{
    struct pod_member *member = errand->member;
    struct pod_probes *probes = probes_of(member->of);
    int fds[3] = {-1, -1, -1};
    struct err err;
    int rc;

    if (++probes->last_id == UINT32_MAX)
        probes->last_id = FIRST_ID + 1;
    errand->id = probes->last_id;
    rc = open_output(errand, fds, &err);
    if (!rc)
        rc = pod_run_spawn(member->run, errand->id, exec->command, fds, &err);
    for (int i = 0; i < 3; i++)
        closep(&fds[i]);
    if (rc) {
        errand->id = 0;
        report(errand, false, err.text);
    }
}

/* ---------------------------------------------------------- a question over TLS or
 * gRPC */

static const char *asker_program(void)
{
    const char *path = getenv("BERTH_PROBE");

    return path ? path : BERTH_LIBEXECDIR "/berth-probe";
}

static void free_asker(uv_handle_t *process)
{
    free(process->data);
}

static void on_asked(uv_process_t *process, int64_t status, int signo)
{
    struct asker *asker = process->data;
    struct errand *errand = asker->errand;

    uv_close((uv_handle_t *)process, free_asker);
    if (!errand)
        return;
    errand->asker = NULL;
    (void)take_output(errand);
    make_plain(&errand->words);
    if (!errand->words.len && (status || signo))
        strbuf_puts(&errand->words, "the program that asks has failed");
    report(errand, status == 0 && signo == 0,
           status == 0 && signo == 0 ? NULL : errand->words.s);
}

static int spawn_asker(struct errand *errand, char **argv, const int fds[3], int sock,
                       struct err *err)
{
    struct asker *asker = xcalloc(1, sizeof(*asker));
    uv_stdio_container_t stdio[4] = {{.flags = UV_IGNORE},
                                     {.flags = UV_INHERIT_FD, .data.fd = fds[1]},
                                     {.flags = UV_INHERIT_FD, .data.fd = fds[2]},
                                     {.flags = UV_INHERIT_FD, .data.fd = sock}};
    char *env[] = {NULL};
    uv_process_options_t options = {.file = asker_program(),
                                    .args = argv,
                                    .env = env,
                                    .cwd = "/",
                                    .stdio = stdio,
                                    .stdio_count = ARRAY_SIZE(stdio),
                                    .exit_cb = on_asked};
    int rc;

    asker->process.data = asker;
    rc = uv_spawn(errand->member->of->sh->loop, &asker->process, &options);
    if (rc) {
        uv_close((uv_handle_t *)&asker->process, free_asker);
        return err_set(err, -rc, "%s: %s", options.file, uv_strerror(rc));
    }
    asker->errand = errand;
    errand->asker = asker;
    return 0;
}

static void ask_by_program(struct errand *errand, char **argv, const char *host)
{
    struct pod_lead *pl = errand->member->of;
    int fds[3] = {-1, -1, -1};
    struct err err;
    int sock = socket_of_pod(pl, strchr(host, ':') ? AF_INET6 : AF_INET, &err);
    int rc = sock < 0 ? sock : open_output(errand, fds, &err);

    if (!rc)
        rc = spawn_asker(errand, argv, fds, sock, &err);
    for (int i = 0; i < 3; i++)
        closep(&fds[i]);
    closep(&sock);
    if (rc)
        report(errand, false, err.text);
}

/* It tells of its own that time is over, before src/pod does. */
static char *patience(int64_t deadline)
{
    uint64_t left = time_left_ms(deadline);

    return xasprintf("%llu", (unsigned long long)(left - left / 10));
}

static void ask_https(struct errand *errand, const struct mf_http_get *http,
                      int64_t deadline)
{
    const struct pod_member *member = errand->member;
    const char *host = address_of(member->of, http->host);
    cleanup(strv_freep) char **argv = NULL;

    strv_add(&argv, "berth-probe");
    strv_add(&argv, "https");
    strv_add(&argv, host);
    strv_take(&argv, xasprintf("%u", port_of(member->spec, &http->port)));
    strv_take(&argv, xasprintf("%s%s", http->path && http->path[0] == '/' ? "" : "/",
                               http->path ? http->path : ""));
    strv_take(&argv, patience(deadline));
    strv_add(&argv, errand->is_hook ? "any" : "status");
    for (size_t i = 0; i < http->headers.n; i++) {
        const struct mf_pair *pair = &http->headers.items[i];

        strv_take(&argv,
                  xasprintf("%s: %s", pair->key, pair->value ? pair->value : ""));
    }
    ask_by_program(errand, argv, host);
}

static void ask_grpc(struct errand *errand, const struct mf_grpc *grpc,
                     int64_t deadline)
{
    const char *host = address_of(errand->member->of, NULL);
    cleanup(strv_freep) char **argv = NULL;

    strv_add(&argv, "berth-probe");
    strv_add(&argv, "grpc");
    strv_add(&argv, host);
    strv_take(&argv, xasprintf("%u", (unsigned int)grpc->port));
    strv_add(&argv, grpc->service ? grpc->service : "");
    strv_take(&argv, patience(deadline));
    ask_by_program(errand, argv, host);
}

static void ask_http(struct errand *errand, const struct mf_http_get *http,
                     int64_t deadline)
{
    if (http->scheme == MF_HTTPS)
        ask_https(errand, http, deadline);
    else
        ask(errand, http, NULL, deadline);
}

bool pod_probes_take_event(struct pod_member *member,
                           const struct container_event *event)
{
    struct errand *errand = probes_of(member->of)->first;

    if (event->kind == CONTAINER_GONE || event->task <= FIRST_ID)
        return false;
    while (errand && errand->id != event->task)
        errand = errand->next;
    if (errand && event->kind == CONTAINER_TASK_ENDED)
        program_ended(errand, event);
    return true;
}

/* --------------------------------------------------------------- what src/pod wants */

void pod_probes_probe(struct pod_member *member, const struct pod_todo *todo)
{
    const struct mf_probe *probe =
        pod_probe_of(member->of->pod, member->index, todo->probe);
    struct errand *errand = errand_create(member, todo, false);

    if (!member->run)
        report(errand, false, "the container does not run");
    else if (probe->exec)
        run_program(errand, probe->exec);
    else if (probe->grpc)
        ask_grpc(errand, probe->grpc, todo->deadline);
    else if (probe->http)
        ask_http(errand, probe->http, todo->deadline);
    else
        ask(errand, NULL, probe->tcp, todo->deadline);
}

void pod_probes_hook(struct pod_member *member, const struct pod_todo *todo)
{
    const struct mf_hook *hook =
        pod_hook_of(member->of->pod, member->index, todo->hook);
    struct errand *errand = errand_create(member, todo, true);

    if (!member->run)
        report(errand, false, "the container does not run");
    else if (hook->exec)
        run_program(errand, hook->exec);
    else if (hook->http)
        ask_http(errand, hook->http, todo->deadline);
    else
        wait_for(errand, hook->sleep->seconds);
}

/* Its program, too, is not needed any more. */
static void stop(struct errand *errand)
{
    struct pod_run *run = errand->member->run;

    if (errand->id && run)
        (void)container_signal(pod_run_container(run), errand->id, SIGKILL, NULL);
    errand_end(errand);
}

static struct errand *find(struct pod_member *member, const struct pod_todo *todo,
                           bool is_hook)
{
    struct errand *errand = probes_of(member->of)->first;

    while (errand &&
           (errand->member != member || errand->is_hook != is_hook ||
            (is_hook ? errand->hook != todo->hook
                     : errand->probe != todo->probe || errand->run != todo->run)))
        errand = errand->next;
    return errand;
}

void pod_probes_stop_probe(struct pod_member *member, const struct pod_todo *todo)
{
    struct errand *errand = find(member, todo, false);

    if (errand)
        stop(errand);
}

void pod_probes_stop_hook(struct pod_member *member, const struct pod_todo *todo)
{
    struct errand *errand = find(member, todo, true);

    if (errand)
        stop(errand);
}

void pod_probes_gone(struct pod_member *member)
{
    struct errand *next;

    for (struct errand *e = probes_of(member->of)->first; e; e = next) {
        next = e->next;
        if (e->member == member)
            errand_end(e);
    }
}

void pod_probes_end(struct pod_lead *pl)
{
    while (pl->probes && pl->probes->first)
        errand_end(pl->probes->first);
    free(take(pl->probes));
}
