/* SPDX-License-Identifier: Apache-2.0
 *
 * bag_inside.c - the dispatcher of a bag: one a node, inside of its container
 *
 *     stdin: BagSetup, then BagWork ... --> slots: fork, exec --> stdout: BagReport ...
 *
 * It has as many commands as it was handed and begins the next one as soon as a slot is
 * free. Results go up in batches, output as it comes; when what goes up is not taken,
 * nothing is read from commands, and they are held up by their pipes.
 */
#include "cli/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "cli/bag_outbox.h"
#include "cli/bag_slot.h"
#include "cli/say.h"
#include "wire/pack.h"
#include "wire/plain.h"

#define READ_SIZE 65536
#define EVENTS_MAX 64
#define SLOTS_MAX 65536

struct waiting {
    struct waiting *next;
    uint64_t index;
    uint32_t attempt;
    size_t len;
    char argv[]; /* each argument ends with a NUL */
};

struct dispatcher {
    Berth__Envelope *setup; /* owned */
    struct bag_slot *slots;
    size_t n_slots, n_running;
    struct waiting *first, **last;
    size_t n_waiting;
    int epoll, signals, null_fd;
    struct buf in;
    struct bag_outbox out;
    bool is_last;
};

/* -------------------------------------------------------------------- ends */

/* What is there of one stream: > 0, 0 at its end, -1 when nothing is there yet. */
static ssize_t read_stream(struct dispatcher *d, struct bag_slot *slot, int i)
{
    static char bytes[READ_SIZE];
    ssize_t n = read(slot->fds[i], bytes, sizeof(bytes));

    if (n > 0)
        bag_outbox_add_output(&d->out, slot->index, slot->attempt, (uint32_t)i + 1,
                              bytes, (size_t)n, bag_now_usec());
    return n;
}

static void drain_stream(struct dispatcher *d, struct bag_slot *slot, int i)
{
    /* A pipe holds a megabyte at most; who still writes was killed. */
    for (int turns = 0; turns < 64 && slot->fds[i] >= 0; turns++)
        if (read_stream(d, slot, i) <= 0)
            return;
}

static void tell_result(struct dispatcher *d, const struct bag_slot *slot, int status,
                        const char *words)
{
    Berth__BagResult result = BERTH__BAG_RESULT__INIT;
    int64_t now = bag_now_usec();

    result.index = slot->index;
    result.attempt = slot->attempt;
    result.status = status;
    result.start_usec = slot->start_usec;
    result.usec = (uint64_t)(now - slot->began);
    result.timed_out = slot->timed_out;
    bag_outbox_add_result(&d->out, &result, words, now);
}

static void end_slot(struct dispatcher *d, struct bag_slot *slot, int status)
{
    bag_slot_sweep(slot);
    drain_stream(d, slot, 0);
    drain_stream(d, slot, 1);
    tell_result(d, slot, status, NULL);
    bag_slot_clear(slot);
    d->n_running--;
}

static struct bag_slot *slot_of(struct dispatcher *d, pid_t pid)
{
    for (size_t i = 0; i < d->n_slots; i++)
        if (d->slots[i].pid == pid)
            return &d->slots[i];
    return NULL;
}

static void reap(struct dispatcher *d)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        struct bag_slot *slot = slot_of(d, pid);

        if (slot)
            end_slot(d, slot, status);
    }
}

/* ------------------------------------------------------------------- start */

/* With the entries before it that bag_slot_start wants; the caller frees it. */
static char **make_argv(const struct dispatcher *d, const struct waiting *command)
{
    const Berth__BagSetup *setup = d->setup->bag_setup;
    size_t n = BAG_SLOT_SPARE + setup->n_prefix, at = 0;
    char **argv;

    for (size_t i = 0; i < command->len; i++)
        n += command->argv[i] == '\0';
    argv = xcalloc(n + 1, sizeof(*argv));
    for (n = 0; n < setup->n_prefix; n++)
        argv[BAG_SLOT_SPARE + n] = setup->prefix[n];
    n += BAG_SLOT_SPARE;
    for (; at < command->len; at += strlen(argv[n++]) + 1)
        argv[n] = (char *)(uintptr_t)command->argv + at;
    return argv;
}

static void watch(const struct dispatcher *d, struct bag_slot *slot)
{
    for (int i = 0; i < 2; i++) {
        struct epoll_event event = {.events = EPOLLIN};

        event.data.u64 = (uint64_t)(slot - d->slots) * 2 + (uint64_t)i;
        (void)epoll_ctl(d->epoll, EPOLL_CTL_ADD, slot->fds[i], &event);
    }
}

static void start(struct dispatcher *d, struct bag_slot *slot, struct waiting *command)
{
    cleanup(freep) char **argv = make_argv(d, command);
    uint64_t timeout_ms = d->setup->bag_setup->timeout_ms;
    struct err err;

    if (bag_slot_start(slot, command->index, command->attempt, argv + BAG_SLOT_SPARE,
                       d->null_fd, &err) < 0) {
        tell_result(d, slot, W_EXITCODE(err.code == ENOENT ? 127 : 126, 0), err.text);
        return;
    }
    if (timeout_ms)
        slot->deadline = slot->began + (int64_t)timeout_ms * 1000;
    watch(d, slot);
    d->n_running++;
}

static struct waiting *pop(struct dispatcher *d)
{
    struct waiting *command = d->first;

    d->first = command->next;
    if (!d->first)
        d->last = &d->first;
    d->n_waiting--;
    return command;
}

static void fill_slots(struct dispatcher *d)
{
    for (size_t i = 0; i < d->n_slots && d->first; i++) {
        while (d->slots[i].pid == 0 && d->first) {
            cleanup(freep) struct waiting *command = pop(d);

            start(d, &d->slots[i], command);
        }
    }
}

/* ------------------------------------------------------------------- limits */

static int64_t sooner(int64_t a, int64_t b)
{
    return a < 0 ? b : b < 0 || a < b ? a : b;
}

/* Commands that are over their time: first asked, then killed. Returns usec until the
 * next; -1: none has a limit. */
static int64_t check_deadlines(struct dispatcher *d, int64_t now)
{
    int64_t next = -1;

    if (!d->setup || !d->setup->bag_setup->timeout_ms)
        return -1;
    for (size_t i = 0; i < d->n_slots; i++) {
        struct bag_slot *slot = &d->slots[i];

        if (!slot->pid || !slot->deadline)
            continue;
        if (now >= slot->deadline) {
            bag_slot_signal(slot, slot->timed_out ? SIGKILL : SIGTERM);
            bag_slot_signal(slot, SIGCONT);
            slot->timed_out = true;
            slot->deadline = now + (int64_t)d->setup->bag_setup->grace_ms * 1000;
        }
        next = sooner(next, slot->deadline - now);
    }
    return next;
}

/* ------------------------------------------------------------------- orders */

static void give_back(struct dispatcher *d)
{
    int64_t now = bag_now_usec();

    while (d->first) {
        cleanup(freep) struct waiting *command = pop(d);

        bag_outbox_add_returned(&d->out, command->index, now);
    }
}

static void take_command(struct dispatcher *d, const Berth__BagCommand *from)
{
    struct waiting *command;

    if (!from->argv.len || from->argv.data[from->argv.len - 1])
        return;
    command = xmalloc(sizeof(*command) + from->argv.len);
    command->next = NULL;
    command->index = from->index;
    command->attempt = from->attempt;
    command->len = from->argv.len;
    memcpy(command->argv, from->argv.data, from->argv.len);
    *d->last = command;
    d->last = &command->next;
    d->n_waiting++;
}

static void take_work(struct dispatcher *d, const Berth__BagWork *work)
{
    for (size_t i = 0; i < work->n_commands; i++)
        take_command(d, work->commands[i]);
    d->is_last |= work->is_last;
    if (!work->recall)
        return;
    give_back(d);
    bag_outbox_pack(&d->out); /* also when nothing was left to give back */
}

static int take_setup(struct dispatcher *d, Berth__Envelope *env, struct err *err)
{
    const Berth__BagSetup *setup = env->bag_setup;
    int rc = 0;

    if (setup->n_slots == 0 || setup->n_slots > SLOTS_MAX)
        return err_set(err, EPROTO, "a bag without slots");
    d->setup = env;
    d->slots = xcalloc(setup->n_slots, sizeof(*d->slots));
    for (; d->n_slots < setup->n_slots && !rc; d->n_slots++)
        rc = bag_slot_init(&d->slots[d->n_slots], setup->slots[d->n_slots], environ,
                           err);
    return rc;
}

static int follow_orders(struct dispatcher *d, struct err *err)
{
    Berth__Envelope *env;
    int rc;

    while ((rc = plain_next(&d->in, &env, err)) > 0) {
        if (!d->setup && env->body_case == BERTH__ENVELOPE__BODY_BAG_SETUP) {
            rc = take_setup(d, env, err);
            if (rc < 0)
                return rc;
            continue;
        }
        if (d->setup && env->body_case == BERTH__ENVELOPE__BODY_BAG_WORK)
            take_work(d, env->bag_work);
        free_message(env);
    }
    return rc;
}

/* -ENODATA: who gave orders is gone. */
static int read_orders(struct dispatcher *d, struct err *err)
{
    ssize_t n = read(STDIN_FILENO, buf_room(&d->in, READ_SIZE), READ_SIZE);

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return 0;
    if (n <= 0)
        return err_set(err, ENODATA, "the shepherd is gone");
    buf_added(&d->in, (size_t)n);
    return follow_orders(d, err);
}

static void take_signal(struct dispatcher *d)
{
    struct signalfd_siginfo info;

    while (read(d->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        int signo = (int)info.ssi_signo;

        if (signo == SIGCHLD)
            continue;
        if (signo == SIGTERM)
            give_back(d);
        for (size_t i = 0; i < d->n_slots; i++)
            bag_slot_signal(&d->slots[i], signo);
    }
    reap(d);
}

static void take_output(struct dispatcher *d)
{
    struct epoll_event events[EVENTS_MAX];
    int n = epoll_wait(d->epoll, events, EVENTS_MAX, 0);

    for (int k = 0; k < n; k++) {
        struct bag_slot *slot = &d->slots[events[k].data.u64 / 2];
        int i = (int)(events[k].data.u64 % 2);

        /* Its end without that of the command: nothing more to watch for. */
        if (slot->fds[i] >= 0 && read_stream(d, slot, i) == 0)
            closep(&slot->fds[i]);
    }
}

/* -------------------------------------------------------------------- loop */

static int open_signals(void)
{
    static const int signals[] = {SIGCHLD, SIGTERM, SIGINT,  SIGHUP,
                                  SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM};
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
        sigaddset(&set, signals[i]);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -1;
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int wait_ms(struct dispatcher *d)
{
    int64_t now = bag_now_usec();
    int64_t usec = check_deadlines(d, now);

    usec = sooner(usec, bag_outbox_due_in(&d->out, now));
    return usec < 0 ? -1 : (int)(usec / 1000 > 60000 ? 60000 : (usec + 999) / 1000);
}

static bool is_done(const struct dispatcher *d)
{
    return d->is_last && !d->n_waiting && !d->n_running && !d->out.since &&
           !bag_outbox_pending(&d->out);
}

enum { AT_ORDERS, AT_SIGNALS, AT_OUTPUT, AT_REPORTS, N_FDS };

static int turn(struct dispatcher *d, struct err *err)
{
    bool is_full = bag_outbox_pending(&d->out) >= BAG_OUTBOX_FULL;
    struct pollfd fds[N_FDS] = {
        [AT_ORDERS] = {.fd = STDIN_FILENO, .events = POLLIN},
        [AT_SIGNALS] = {.fd = d->signals, .events = POLLIN},
        [AT_OUTPUT] = {.fd = is_full ? -1 : d->epoll, .events = POLLIN},
        [AT_REPORTS] = {.fd = buf_len(&d->out.queue) ? STDOUT_FILENO : -1,
                        .events = POLLOUT},
    };
    int rc = 0;

    if (poll(fds, N_FDS, wait_ms(d)) < 0 && errno != EINTR)
        return err_sys(err, errno, "poll");
    if (fds[AT_OUTPUT].revents)
        take_output(d);
    if (fds[AT_SIGNALS].revents)
        take_signal(d);
    if (fds[AT_ORDERS].revents)
        rc = read_orders(d, err);
    if (rc < 0)
        return rc;
    fill_slots(d);
    if (bag_outbox_is_due(&d->out, d->n_waiting, bag_now_usec()) ||
        (d->is_last && d->out.since && !d->n_running))
        bag_outbox_pack(&d->out);
    rc = bag_outbox_write(&d->out, STDOUT_FILENO);
    return rc < 0 ? err_sys(err, -rc, "reports") : 0;
}

int bag_inside_main(void)
{
    struct dispatcher d = {.in = BUF_INIT};
    struct err err;
    int rc = 0;

    say_set_name("berth run");
    d.last = &d.first;
    bag_outbox_init(&d.out);
    d.signals = open_signals();
    d.epoll = epoll_create1(EPOLL_CLOEXEC);
    d.null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (d.signals < 0 || d.epoll < 0 || d.null_fd < 0)
        rc = err_sys(&err, errno, "dispatcher of a bag");
    (void)fcntl(STDOUT_FILENO, F_SETFL, O_NONBLOCK);
    while (!rc && !is_done(&d))
        rc = turn(&d, &err);
    for (size_t i = 0; i < d.n_slots; i++)
        bag_slot_signal(&d.slots[i], SIGKILL);
    if (rc && rc != -ENODATA)
        say_error("%s", err.text);
    return rc != 0;
}
