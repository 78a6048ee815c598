/* SPDX-License-Identifier: Apache-2.0
 *
 * legs.c - requests that go down a tree of nodes, and the one answer to each
 *
 * A request has a leg here and one for each child; it is answered when all of them
 * are, with the names of the nodes of the subtree that failed, and why.
 */
#include "node/legs.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct launch *launch_create(struct node *node, struct channel *from, uint64_t id,
                             launch_answer_fn *answer)
{
    struct launch *launch = xcalloc(1, sizeof(*launch));

    launch->node = node;
    launch->from = from;
    launch->id = id;
    launch->answer = answer;
    launch->next = node->launches;
    node->launches = launch;
    return launch;
}

void launch_destroy(struct launch *launch)
{
    struct launch **slot = &launch->node->launches;

    while (*slot != launch)
        slot = &(*slot)->next;
    *slot = launch->next;
    for (size_t i = 0; i < launch->n_failed; i++)
        free(launch->failed[i]);
    free(launch->failed);
    free(launch->errs);
    free_message(launch->request);
    free_message(launch->grant);
    free(launch);
}

void launch_channel_gone(struct node *node, struct channel *ch)
{
    for (struct launch *launch = node->launches; launch; launch = launch->next)
        if (launch->from == ch)
            launch->from = NULL;
}

static void note_failure(struct launch *launch, const char *node, const struct err *err)
{
    size_t n = launch->n_failed++;

    launch->failed = xrealloc(launch->failed, n + 1, sizeof(*launch->failed));
    launch->errs = xrealloc(launch->errs, n + 1, sizeof(*launch->errs));
    launch->failed[n] = xstrdup(node);
    launch->errs[n] = *err;
}

void launch_reply(const struct launch *launch, Berth__Envelope *env,
                  const struct launch_failures *failures)
{
    cleanup(freep) Berth__Status *values = xcalloc(launch->n_failed, sizeof(*values));
    cleanup(freep) Berth__Status **pointers =
        xcalloc(launch->n_failed, sizeof(*pointers));

    if (!launch->from)
        return;
    for (size_t i = 0; i < launch->n_failed; i++) {
        berth__status__init(&values[i]);
        values[i].code = launch->errs[i].code;
        values[i].text = launch->errs[i].text;
        pointers[i] = &values[i];
    }
    *failures->n_nodes = *failures->n_statuses = launch->n_failed;
    *failures->nodes = launch->failed;
    *failures->statuses = pointers;
    env->id = launch->id;
    env->reply = true;
    channel_send(launch->from, env);
}

void launch_leg_done(struct launch *launch)
{
    if (--launch->open)
        return;
    launch->answer(launch);
    launch_destroy(launch);
}

/* What a child says of its subtree. */
static void take_failures(struct launch *launch, char *const *nodes, size_t n_nodes,
                          Berth__Status *const *statuses, size_t n_statuses)
{
    for (size_t i = 0; i < n_nodes && i < n_statuses; i++) {
        struct err why;

        (void)err_set(&why, statuses[i]->code, "%s", statuses[i]->text);
        note_failure(launch, nodes[i], &why);
    }
}

void leg_end(const Berth__Envelope *reply, const struct err *err, void *ctx)
{
    struct leg *leg = ctx;
    struct launch *launch = leg->launch;

    if (err)
        note_failure(launch, leg->name, err);
    if (reply && reply->body_case == BERTH__ENVELOPE__BODY_STEP_LAUNCHED) {
        const Berth__LaunchStepReply *below = reply->step_launched;

        take_failures(launch, below->nodes, below->n_nodes, below->statuses,
                      below->n_statuses);
    } else if (reply && reply->body_case == BERTH__ENVELOPE__BODY_IMAGE_SPREAD_DONE) {
        const Berth__ImageSpreadReply *below = reply->image_spread_done;

        launch->fetched += below->fetched;
        take_failures(launch, below->nodes, below->n_nodes, below->statuses,
                      below->n_statuses);
    }
    free(leg->name);
    free(leg);
    launch_leg_done(launch);
}

struct leg *leg_create(struct launch *launch, const char *name)
{
    struct leg *leg = xcalloc(1, sizeof(*leg));

    leg->launch = launch;
    leg->name = xstrdup(name);
    launch->open++;
    return leg;
}
