/* SPDX-License-Identifier: Apache-2.0
 *
 * wait.c - deferred replies on changes of jobs
 */
#include "controller/wait.h"

#include "base/mem.h"
#include "controller/conn.h"
#include "controller/handlers.h"
#include "controller/jobs.h"
#include "controller/query.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <utlist.h>

#define WAIT_LINKS_MAX 4000000

struct wait_link {
    struct wait *wait;
    struct ctl_job *cj; /* NULL: got there */
    struct wait_link *prev, *next;
};

struct wait {
    struct conn *conn;
    uint64_t id; /* of the request */
    bool started;
    uint32_t *ids;
    struct wait_link *links; /* one for each of ids */
    size_t n_ids, n_left;
    struct wait *prev, *next; /* of the connection, until it is answered */
};

static bool is_there(const struct wait *wait, const struct ctl_job *cj)
{
    enum job_state state = job_state_of(&cj->job);

    if (job_state_is_final(state))
        return true;
    return wait->started && (state == JOB_RUNNING || state == JOB_COMPLETING ||
                             state == JOB_SUSPENDED || state == JOB_SPREAD);
}

static void cut_link(struct controller *ctl, struct wait_link *link)
{
    DL_DELETE(link->cj->waits, link);
    link->cj = NULL;
    link->wait->n_left--;
    ctl->n_wait_links--;
}

static void wait_destroy(struct wait *wait)
{
    for (size_t i = 0; i < wait->n_ids; i++)
        if (wait->links[i].cj)
            cut_link(wait->conn->ctl, &wait->links[i]);
    conn_unref(wait->conn);
    free(wait->links);
    free(wait->ids);
    free(wait);
}

static void answer(void *ctx)
{
    struct wait *wait = ctx;

    query_reply_ids(wait->conn, wait->id, wait->ids, wait->n_ids);
    wait_destroy(wait);
}

/* All jobs got there: answer when that is on disk. The connection may go away
 * meanwhile, so the wait leaves its list and keeps only its reference. */
static void finish(struct wait *wait)
{
    DL_DELETE(wait->conn->waits, wait);
    store_on_commit(wait->conn->ctl->store, answer, wait);
}

void wait_job_changed(struct controller *ctl, struct ctl_job *cj)
{
    struct wait_link *link, *next;

    DL_FOREACH_SAFE(cj->waits, link, next)
    {
        struct wait *wait = link->wait;

        if (!is_there(wait, cj))
            continue;
        cut_link(ctl, link);
        if (wait->n_left == 0)
            finish(wait);
    }
}

void wait_forget_conn(struct conn *conn)
{
    struct wait *wait, *next;

    DL_FOREACH_SAFE(conn->waits, wait, next)
    {
        DL_DELETE(conn->waits, wait);
        wait_destroy(wait);
    }
}

static int check_ids(const struct controller *ctl, const Berth__WaitRequest *request,
                     struct err *err)
{
    int rc = query_check_ids(request->n_ids, err);

    if (rc)
        return rc;
    if (request->n_ids == 0)
        return err_set(err, EINVAL, "wait: no job was named");
    if (request->n_ids > WAIT_LINKS_MAX - ctl->n_wait_links)
        return err_set(err, EAGAIN, "too many waits (%" PRIu32 " jobs are waited for)",
                       ctl->n_wait_links);
    for (size_t i = 0; i < request->n_ids; i++)
        if (!jobs_find(ctl, request->ids[i]))
            return err_set(err, ESRCH, "Invalid job id specified: %" PRIu32,
                           request->ids[i]);
    return 0;
}

static struct wait *wait_create(struct conn *conn, uint64_t id,
                                const Berth__WaitRequest *request)
{
    struct wait *wait = xcalloc(1, sizeof(*wait));

    wait->conn = conn_ref(conn);
    wait->id = id;
    wait->started = request->started;
    wait->n_ids = request->n_ids;
    wait->ids = xmemdup(request->ids, request->n_ids * sizeof(*request->ids));
    wait->links = xcalloc(request->n_ids, sizeof(*wait->links));
    return wait;
}

void handle_wait(struct conn *conn, const Berth__Envelope *env)
{
    struct controller *ctl = conn->ctl;
    struct wait *wait;
    struct err err;

    if (check_ids(ctl, env->wait, &err)) {
        conn_reply_err(conn, env->id, &err);
        return;
    }
    wait = wait_create(conn, env->id, env->wait);
    DL_APPEND(conn->waits, wait);
    for (size_t i = 0; i < wait->n_ids; i++) {
        struct ctl_job *cj = jobs_find(ctl, wait->ids[i]);

        wait->links[i].wait = wait;
        if (is_there(wait, cj))
            continue;
        wait->links[i].cj = cj;
        DL_APPEND(cj->waits, &wait->links[i]);
        wait->n_left++;
        ctl->n_wait_links++;
    }
    if (wait->n_left == 0)
        finish(wait);
}
