/* SPDX-License-Identifier: Apache-2.0
 *
 * groups.c - the control groups that a killed node daemon left
 *
 * A daemon writes down what it made. What is in there may be stopped, and then dies
 * only together with its group.
 */
#include "cluster/cluster.h"

#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "cgroup/cgroup.h"

#define WRITTEN_MAX 65536

/* NULL: it made none, or has removed them. */
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
    return cgroup_join(text, handle, &cg, NULL) ? NULL : cg;
}

void cluster_kill_groups(const struct cluster *c)
{
    for (size_t i = 0; i < c->n_nodes; i++) {
        struct cgroup *cg = groups_of(c, c->nodes[i].name);

        (void)cgroup_kill(cg, "", NULL);
        cgroup_close(cg);
    }
}

int cluster_remove_groups(const struct cluster *c, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; i < c->n_nodes && !rc; i++) {
        struct cgroup *cg = groups_of(c, c->nodes[i].name);

        rc = cgroup_remove(cg, "", err);
        cgroup_close(cg);
    }
    return rc;
}
