/* SPDX-License-Identifier: Apache-2.0
 *
 * groups.c - the control groups that a killed node daemon left
 *
 * A daemon writes down what it made. What is in there may be stopped, and then dies
 * only together with its group.
 */
#include "cluster/cluster.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "cgroup/cgroup.h"

#define WRITTEN_MAX 65536
#define REMOVE_TRIES 500 /* of 20 ms */

/* NULL: it made none, or has removed them. One that stops removes what it can: with
 * version 1 some of the trees may be gone. */
static struct cgroup *groups_of(const struct cluster *c, const char *node)
{
    cleanup(freep) char *path = xasprintf("%s/node/%s/cgroup", c->data, node);
    cleanup(freep) char *text = NULL;
    struct cgroup *cg = NULL;
    char *handle;

    /* Another user's word is not enough to kill for. */
    if (c->uid != geteuid() || io_read_file(path, WRITTEN_MAX, &text, NULL, NULL))
        return NULL;
    handle = strchr(text, '\n');
    if (!handle)
        return NULL;
    *handle++ = '\0';
    return cgroup_join_rest(text, handle, &cg, NULL) ? NULL : cg;
}

void cluster_kill_groups(const struct cluster *c)
{
    for (size_t i = 0; i < c->n_nodes; i++) {
        struct cgroup *cg = groups_of(c, c->nodes[i].name);

        (void)cgroup_kill(cg, "", NULL);
        cgroup_close(cg);
    }
}

/* What was killed is in its group until it is gone altogether, which takes a busy
 * machine a while. */
static int remove_when_empty(struct cgroup *cg, struct err *err)
{
    const struct timespec pause = {.tv_nsec = 20 * 1000000L};
    int rc = cgroup_remove(cg, "", err);

    for (int i = 0; rc && i < REMOVE_TRIES; i++) {
        (void)cgroup_kill(cg, "", NULL);
        (void)nanosleep(&pause, NULL);
        rc = cgroup_remove(cg, "", err);
    }
    return rc;
}

int cluster_remove_groups(const struct cluster *c, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; i < c->n_nodes && !rc; i++) {
        struct cgroup *cg = groups_of(c, c->nodes[i].name);

        rc = remove_when_empty(cg, err);
        cgroup_close(cg);
    }
    return rc;
}
