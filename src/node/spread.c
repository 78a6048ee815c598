/* SPDX-License-Identifier: Apache-2.0
 *
 * spread.c - get a job's image to its nodes, down a tree
 *
 *     lead --ImageSpread--> own node --> children --> ...
 *                             |  each: fetch from whom the message names, as the
 *                             |  job's user, then pass it on as the only source
 *                             v
 *                       berth image fetch
 *
 * What is taken in is strangers' bytes: a program that runs as the user does that,
 * into his store, and verifies all of it. The site's images go from site's store to
 * site's store. Who holds the image already is through in a few milliseconds.
 */
#include "node/legs.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/strv.h"
#include "node/program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define FANOUT_MAX 1024
#define SOURCES_MAX 16
/* What 'berth image fetch' ends with when there was nothing to do. */
#define STATUS_HELD 3
#define FETCH_PATH "PATH=/usr/local/bin:/usr/bin:/bin"

static void answer_spread(struct launch *launch)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__ImageSpreadReply reply = BERTH__IMAGE_SPREAD_REPLY__INIT;
    struct launch_failures failures = {.n_nodes = &reply.n_nodes,
                                       .nodes = &reply.nodes,
                                       .n_statuses = &reply.n_statuses,
                                       .statuses = &reply.statuses};

    reply.fetched = launch->fetched;
    env.body_case = BERTH__ENVELOPE__BODY_IMAGE_SPREAD_DONE;
    env.image_spread_done = &reply;
    launch_reply(launch, &env, &failures);
}

/* ---------------------------------------------------------------- passing on */

/* To where the grant says that a child is, whatever the lead says. */
static void forward_to(struct launch *launch, uint32_t index)
{
    Berth__ImageSpread *msg = launch->request->image_spread;
    const Berth__NodeShare *share = launch_share_of(launch->grant, msg->nodes[index]);
    struct leg *leg = leg_create(launch, msg->nodes[index]);
    struct err err;

    if (!share) {
        (void)err_set(&err, EPERM, "it is not part of job %u", launch->job);
        leg_end(NULL, &err, leg);
        return;
    }
    msg->index = index;
    peer_call(launch->node, share->address, (uint16_t)share->port, launch->request,
              leg_end, leg);
}

/* To the children, which find it here. */
static void forward_below(struct launch *launch)
{
    Berth__ImageSpread *msg = launch->request->image_spread;
    const Berth__NodeShare *own =
        launch_share_of(launch->grant, launch->node->self->name);
    Berth__ImageSource here = BERTH__IMAGE_SOURCE__INIT, *sources[] = {&here};
    uint64_t first = (uint64_t)msg->index * msg->fanout + 1;
    Berth__ImageSource **before = msg->from;
    size_t n_before = msg->n_from;

    here.node = own->node;
    here.address = own->address;
    here.port = own->port;
    msg->from = sources;
    msg->n_from = 1;
    for (uint64_t i = first; i < first + msg->fanout && i < msg->n_nodes; i++)
        forward_to(launch, (uint32_t)i);
    msg->from = before;
    msg->n_from = n_before;
}

/* ------------------------------------------------------------------ fetching */

static void on_fetched(void *ctx, const struct program_end *end)
{
    struct launch *launch = ctx;
    struct leg *leg = leg_create(launch, launch->node->self->name);
    struct err err;

    launch->open--; /* which the program held */
    end->words[strcspn(end->words, "\n")] = '\0';
    if (!end->signo && (!end->status || end->status == STATUS_HELD)) {
        launch->fetched += end->status == 0;
        forward_below(launch);
        leg_end(NULL, NULL, leg);
        return;
    }
    if (end->words[0])
        (void)err_set(&err, EIO, "%s", end->words);
    else
        (void)err_set(&err, EIO, "the program that fetches images ended early");
    leg_end(NULL, &err, leg);
}

/* The command: what is wanted, and from whom. */
static char **fetch_argv(const struct node *node, const Berth__ImageSpread *msg)
{
    char **argv = NULL;

    strv_add(&argv, BERTH_BINDIR "/berth");
    strv_add(&argv, "image");
    strv_add(&argv, "fetch");
    strv_add(&argv, "--config");
    strv_add(&argv, node->config->path);
    strv_add(&argv, "--digest");
    strv_add(&argv, msg->digest);
    /* Root looks at no place that a user names. */
    if (msg->site) {
        strv_add(&argv, "--site");
    } else if (msg->store[0]) {
        strv_add(&argv, "--seen-in");
        strv_add(&argv, msg->store);
    }
    for (size_t i = 0; i < msg->n_from && i < SOURCES_MAX; i++) {
        strv_add(&argv, "--from");
        strv_take(&argv, xasprintf("%s=%s:%u", msg->from[i]->node,
                                   msg->from[i]->address, msg->from[i]->port));
    }
    strv_add(&argv, "--");
    strv_add(&argv, msg->ref);
    return argv;
}

static void fetch_start(struct launch *launch)
{
    struct node *node = launch->node;
    cleanup(freep) char *name = xasprintf("BERTH_NODE=%s", node->self->name);
    char *env[] = {(char *)(uintptr_t)FETCH_PATH, name, NULL};
    cleanup(strv_freep) char **argv = fetch_argv(node, launch->request->image_spread);
    const struct program_wish wish = {.argv = argv,
                                      .env = env,
                                      /* What is the site's stays root's to read. */
                                      .has_user = geteuid() == 0 &&
                                                  !launch->request->image_spread->site,
                                      .uid = launch->grant->uid,
                                      .gid = launch->grant->gid};

    launch->open++;
    program_run(node->loop, &wish, on_fetched, launch);
}

/* ------------------------------------------------------------------ the request */

static int check_spread(const struct node *node, const Berth__ImageSpread *msg,
                        const Berth__Grant *grant, struct err *err)
{
    if (msg->index >= msg->n_nodes || !msg->fanout || msg->fanout > FANOUT_MAX ||
        msg->n_nodes > grant->placement->n_shares)
        return err_set(err, EINVAL,
                       "a request for images that names no place in its "
                       "tree");
    if (strcmp(msg->nodes[msg->index], node->self->name) != 0)
        return err_set(err, EINVAL, "a request for images that is for node %s",
                       msg->nodes[msg->index]);
    return 0;
}

static int start_spread(struct node *node, struct channel *from,
                        const Berth__Envelope *env, struct err *err)
{
    cleanup(free_messagep) Berth__Grant *grant = NULL;
    struct launch *launch;
    uint32_t index;
    int rc = launch_check_grant(node, env->image_spread->grant, &grant, &index, err);

    if (!rc)
        rc = check_spread(node, env->image_spread, grant, err);
    if (rc)
        return rc;
    launch = launch_create(node, from, env->id, answer_spread);
    launch->job = grant->job_id;
    launch->grant = take(grant);
    launch->request = copy_message(&env->base);
    launch->request->id = 0;
    fetch_start(launch);
    return 0;
}

void image_spread(struct node *node, struct channel *from, const Berth__Envelope *env)
{
    struct err err;

    if (start_spread(node, from, env, &err)) {
        log_warn("image refused: %s", err.text);
        channel_reply_status(from, env, err.code, err.text);
    }
}
