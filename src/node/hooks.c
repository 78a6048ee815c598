/* SPDX-License-Identifier: Apache-2.0
 *
 * hooks.c - the site's programs before and after a job on this node
 */
#include "node/hooks.h"

#include "base/hostlist.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "node/program.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uthash.h>

#define RECORD_MAX 1048576

enum stage { PROLOG, READY, BROKEN, EPILOG };
static const char *const stage_names[] = {"prolog", "ready", "broken", "epilog"};

struct waiter {
    hooks_ready_fn *fn;
    void *ctx;
    struct waiter *next;
};

struct hooked {
    struct {
        uint32_t job, epoch;
    } key;
    struct node *node;
    enum stage stage;
    bool is_started; /* its prolog: it may have to wait for others' epilogs */
    bool is_over;    /* the job, not what is done after it */
    char **env;
    struct err why; /* it is broken */
    struct waiter *waiters;
    UT_hash_handle hh;
};

/* ----------------------------------------------------------------- records */

static char *record_path(const struct hooked *h)
{
    return xasprintf("%s/hooks/%u.%u", h->node->state_dir, h->key.job, h->key.epoch);
}

/* The stage, then the environment, one variable a line: none has a newline in it. */
static int record_write(const struct hooked *h, struct err *err)
{
    cleanup(freep) char *path = record_path(h);
    cleanup(freep) char *env = strv_join(h->env, "\n");
    cleanup(freep) char *text = xasprintf("%s\n%s", stage_names[h->stage], env);

    return io_write_file_atomic(path, text, strlen(text), 0600, err);
}

static void record_remove_hook(const struct hooked *h)
{
    cleanup(freep) char *path = record_path(h);

    (void)unlink(path);
}

/* -------------------------------------------------------------------- jobs */

static struct hooked *find(const struct node *node, uint32_t job, uint32_t epoch)
{
    struct hooked *h, like = {.key = {.job = job, .epoch = epoch}};

    HASH_FIND(hh, node->hooked, &like.key, sizeof(like.key), h);
    return h;
}

static struct hooked *create(struct node *node, uint32_t job, uint32_t epoch)
{
    struct hooked *h = xcalloc(1, sizeof(*h));

    h->node = node;
    h->key.job = job;
    h->key.epoch = epoch;
    HASH_ADD(hh, node->hooked, key, sizeof(h->key), h);
    return h;
}

static void forget(struct hooked *h)
{
    record_remove_hook(h);
    HASH_DELETE(hh, h->node->hooked, h);
    strv_free(h->env);
    free(h);
}

static void set(struct hooked *h, const char *name, const char *value)
{
    cleanup(freep) char *berth = xasprintf("BERTH_%s", name);
    cleanup(freep) char *slurm = xasprintf("SLURM_%s", name);

    strv_setenv(&h->env, berth, value);
    strv_setenv(&h->env, slurm, value);
}

static void set_number(struct hooked *h, const char *name, uint32_t value)
{
    cleanup(freep) char *text = xasprintf("%" PRIu32, value);

    set(h, name, text);
}

/* What slurm.conf(5) says that Prolog and Epilog find. */
static void fill_env(struct hooked *h, const Berth__Grant *grant, uint32_t index)
{
    const struct passwd *pw = getpwuid(grant->uid);
    cleanup(strv_freep) char **names = NULL;
    cleanup(freep) char *list = NULL;

    for (size_t i = 0; i < grant->placement->n_shares; i++)
        strv_add(&names, grant->placement->shares[i]->node);
    list = hostlist_compress(names);
    strv_setenv(&h->env, "PATH",
                "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    strv_setenv(&h->env, "SLURMD_NODENAME", h->node->self->name);
    strv_setenv(&h->env, "BERTH_NODE", h->node->self->name);
    set_number(h, "JOB_ID", grant->job_id);
    set_number(h, "JOBID", grant->job_id);
    set_number(h, "JOB_UID", grant->uid);
    set_number(h, "JOB_GID", grant->gid);
    set_number(h, "RESTART_COUNT", grant->epoch - 1);
    set_number(h, "NODEID", index);
    set(h, "JOB_USER", pw ? pw->pw_name : "");
    set(h, "JOB_NODELIST", list);
    set(h, "CLUSTER_NAME", h->node->config->cluster);
}

/* --------------------------------------------------------------- the program */

static void begin_waiting(struct node *node);
static void maybe_begin_epilog(struct hooked *h);

static void tell_waiters(struct hooked *h, const struct err *err)
{
    while (h->waiters) {
        struct waiter *waiter = h->waiters;

        h->waiters = waiter->next;
        waiter->fn(err, waiter->ctx);
        free(waiter);
    }
}

/* Without a record that is right the worst is an epilog that runs twice. */
static void move_to(struct hooked *h, enum stage stage)
{
    struct err err;

    h->stage = stage;
    if (record_write(h, &err))
        log_warn("job %u: %s", h->key.job, err.text);
}

static void trouble(struct hooked *h, const char *words)
{
    struct node *node = h->node;

    log_error("job %u: %s", h->key.job, words);
    str_replace(&node->trouble, words);
    uplink_beat(node->uplink);
}

static void prolog_ended(struct hooked *h, const char *fault)
{
    move_to(h, fault ? BROKEN : READY);
    if (fault) {
        cleanup(freep) char *words =
            xasprintf("the prolog of job %u %s", h->key.job, fault);

        (void)err_set(&h->why, EIO, "%s", words);
        trouble(h, words);
    }
    tell_waiters(h, fault ? &h->why : NULL);
    maybe_begin_epilog(h);
}

static void program_ended(struct hooked *h, const char *fault)
{
    struct node *node = h->node;

    if (h->stage == PROLOG) {
        prolog_ended(h, fault);
        return;
    }
    if (fault) {
        cleanup(freep) char *words =
            xasprintf("the epilog of job %u %s", h->key.job, fault);

        trouble(h, words);
    }
    forget(h);
    begin_waiting(node);
}

static void on_end(void *ctx, const struct program_end *end)
{
    struct hooked *h = ctx;
    struct err fault;

    if (end->is_late)
        (void)err_set(&fault, ETIMEDOUT, "took longer than hooks.timeout");
    else if (end->words[0])
        (void)err_set(&fault, EIO, "cannot be run: %s", end->words);
    else if (end->signo)
        (void)err_set(&fault, EIO, "died by signal %d", end->signo);
    else if (end->status)
        (void)err_set(&fault, EIO, "failed with exit code %" PRId64, end->status);
    program_ended(h, program_ended_well(end) ? NULL : fault.text);
}

/* Run the program of this stage; nothing to run has ended well. */
static void run(struct hooked *h)
{
    const struct config *config = h->node->config;
    char *program = h->stage == PROLOG ? config->hooks.prolog : config->hooks.epilog;
    char *argv[] = {program, NULL};
    struct program_wish wish = {.argv = argv,
                                .limit_ms = 1000u * config->hooks.timeout,
                                .has_session = true,
                                .shares_stderr = true};

    if (!program) {
        program_ended(h, NULL);
        return;
    }
    strv_setenv(&h->env, "SLURM_SCRIPT_CONTEXT",
                h->stage == PROLOG ? "prolog_slurmd" : "epilog_slurmd");
    wish.env = h->env;
    program_run(h->node->loop, &wish, on_end, h);
}

/* --------------------------------------------------------------------- order */

/* Or is about to: the job is over, its last shepherd not yet gone. */
static bool epilog_runs(const struct node *node)
{
    for (const struct hooked *h = node->hooked; h; h = h->hh.next)
        if (h->stage == EPILOG || h->is_over)
            return true;
    return false;
}

static void begin_prolog(struct hooked *h)
{
    struct err err;

    h->is_started = true;
    if (record_write(h, &err)) {
        program_ended(h, err.text);
        return;
    }
    run(h);
}

static struct hooked *next_waiting(const struct node *node)
{
    for (struct hooked *h = node->hooked; h; h = h->hh.next)
        if (h->stage == PROLOG && !h->is_started)
            return h;
    return NULL;
}

static void begin_waiting(struct node *node)
{
    struct hooked *h;

    while (!epilog_runs(node) && (h = next_waiting(node)))
        begin_prolog(h);
}

static void maybe_begin_epilog(struct hooked *h)
{
    if (!h->is_over || (h->stage != READY && h->stage != BROKEN) ||
        job_has_shepherd(h->node, h->key.job, h->key.epoch))
        return;
    move_to(h, EPILOG);
    run(h);
}

bool hooks_are_there(const struct node *node)
{
    return node->config->hooks.prolog || node->config->hooks.epilog;
}

void hooks_before(struct node *node, const Berth__Grant *grant, uint32_t index,
                  hooks_ready_fn *fn, void *ctx)
{
    struct hooked *h = find(node, grant->job_id, grant->epoch);
    struct waiter *waiter;

    if (h && h->stage != PROLOG) {
        fn(h->stage == BROKEN ? &h->why : NULL, ctx);
        return;
    }
    waiter = xcalloc(1, sizeof(*waiter));
    waiter->fn = fn;
    waiter->ctx = ctx;
    if (!h) {
        h = create(node, grant->job_id, grant->epoch);
        fill_env(h, grant, index);
    }
    waiter->next = h->waiters;
    h->waiters = waiter;
    begin_waiting(node);
}

void hooks_job_over(struct node *node, uint32_t job, uint32_t epoch)
{
    struct hooked *h = find(node, job, epoch);

    if (!h)
        return;
    h->is_over = true;
    maybe_begin_epilog(h);
}

void hooks_shepherd_gone(struct node *node, uint32_t job, uint32_t epoch)
{
    struct hooked *h = find(node, job, epoch);

    if (h)
        maybe_begin_epilog(h);
}

/* --------------------------------------------------------------------- start */

static void take_up(struct node *node, const char *name)
{
    cleanup(freep) char *path = xasprintf("%s/hooks/%s", node->state_dir, name);
    cleanup(freep) char *text = NULL;
    cleanup(strv_freep) char **lines = NULL;
    unsigned int job, epoch;
    struct hooked *h;

    if (sscanf(name, "%u.%u", &job, &epoch) != 2 ||
        io_read_file(path, RECORD_MAX, &text, NULL, NULL))
        return;
    lines = strv_split(text, "\n");
    if (strv_len(lines) == 0)
        return;
    h = create(node, job, epoch);
    h->env = strv_dup(lines + 1);
    h->is_started = true;
    h->is_over = strcmp(lines[0], stage_names[EPILOG]) == 0;
    h->stage = strcmp(lines[0], stage_names[PROLOG]) == 0 ||
                       strcmp(lines[0], stage_names[BROKEN]) == 0
                   ? BROKEN
                   : READY;
    if (h->stage == BROKEN)
        (void)err_set(&h->why, EIO, "the prolog of job %u failed, or was interrupted",
                      job);
}

int hooks_start(struct node *node, struct err *err)
{
    cleanup(freep) char *path = xasprintf("%s/hooks", node->state_dir);
    struct dirent *entry;
    DIR *dir;
    int rc = io_mkdir_p(path, 0700, err);

    if (rc)
        return rc;
    dir = opendir(path);
    if (!dir)
        return err_sys(err, errno, "%s", path);
    while ((entry = readdir(dir)))
        if (entry->d_name[0] != '.')
            take_up(node, entry->d_name);
    (void)closedir(dir);
    return 0;
}

size_t hooks_open(const struct node *node, Berth__RunningJob **ret)
{
    size_t n = 0;

    *ret = xcalloc(HASH_COUNT(node->hooked) + 1, sizeof(**ret));
    for (const struct hooked *h = node->hooked; h; h = h->hh.next) {
        berth__running_job__init(&(*ret)[n]);
        (*ret)[n].job_id = h->key.job;
        (*ret)[n++].epoch = h->key.epoch;
    }
    return n;
}
