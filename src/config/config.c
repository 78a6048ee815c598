/* SPDX-License-Identifier: Apache-2.0
 *
 * config.c - the end of a configuration, and small questions to it
 */
#include "config/config.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "config/load.h"

static void free_lists(struct config *c)
{
    for (size_t i = 0; i < c->n_nodes; i++) {
        free(c->nodes[i].name);
        free(c->nodes[i].address);
        free(c->nodes[i].topology);
        free(c->nodes[i].features);
        free(c->nodes[i].labels);
        free(c->nodes[i].taints);
        free(c->nodes[i].gres);
    }
    for (size_t i = 0; i < c->n_partitions; i++) {
        free(c->partitions[i].name);
        free(c->partitions[i].nodes);
        free(c->partitions[i].qos);
        free(c->partitions[i].allow_accounts);
        free(c->partitions[i].deny_accounts);
        free(c->partitions[i].allow_qos);
        free(c->partitions[i].allow_groups);
    }
    for (size_t i = 0; i < c->n_switches; i++) {
        free(c->switches[i].name);
        free(c->switches[i].nodes);
        free(c->switches[i].switches);
    }
    for (size_t i = 0; i < c->container.n_libraries; i++) {
        free(c->container.libraries[i].name);
        free(c->container.libraries[i].libraries);
        free(c->container.libraries[i].env);
    }
    free(c->container.libraries);
    for (size_t i = 0; i < c->pods.n_subnets; i++) {
        free(c->pods.subnets[i].name);
        free(c->pods.subnets[i].partitions);
        free(c->pods.subnets[i].accounts);
    }
    free(c->pods.subnets);
    free(c->nodes);
    free(c->partitions);
    free(c->switches);
}

void config_free(struct config *c)
{
    if (!c)
        return;
    free_lists(c);
    free(c->path);
    free(c->cluster);
    free(c->topology_file);
    free(c->block_sizes);
    free(c->join_pid_file);
    free(c->controller.host);
    free(c->controller.user);
    free(c->controller.state_dir);
    free(c->node.state_dir);
    free(c->node.run_dir);
    free(c->cgroup.base);
    free(c->cgroup.devices);
    free(c->hooks.prolog);
    free(c->hooks.epilog);
    free(c->hooks.task_prolog);
    free(c->hooks.task_epilog);
    free(c->munge.socket);
    free(c->image.store);
    free(c->image.user_store);
    free(c->image.registries);
    free(c->image.mirrors);
    free(c->image.insecure);
    free(c->image.ca_file);
    free(c->image.fallback);
    free(c->container.cdi_dirs);
    free(c->container.cdi_allow);
    free(c->container.oci_program);
    free(c->mpi_default);
    free(c->history.archive_dir);
    free(c->pods.cidr);
    free(c->pods.host_ports);
    free(c->pods.host_paths);
    free(c->pods.nfs_mounts);
    free(c->pods.nfs);
    free(c->pods.nfs_options);
    free(c->pods.reclaim_paths);
    free(c->pods.log_dir);
    free(c->pods.resources);
    free(c->pods.priority_classes);
    free(c->licences);
    free(c->log_level);
    free(c->lines);
    free(c->by_name);
    free(c);
}

void config_freep(struct config **config)
{
    config_free(*config);
}

/* 'pattern' with each 'mark' replaced. */
static char *expand(const char *pattern, const char *mark, const char *value)
{
    struct strbuf sb = STRBUF_INIT;
    const char *at;

    while ((at = strstr(pattern, mark))) {
        strbuf_add(&sb, pattern, (size_t)(at - pattern));
        strbuf_puts(&sb, value);
        pattern = at + strlen(mark);
    }
    strbuf_puts(&sb, pattern);
    return strbuf_take(&sb);
}

char *config_node_dir(const char *pattern, const char *node)
{
    return expand(pattern, "%n", node);
}

const char *config_home(void)
{
    const char *home = getenv("HOME");
    const struct passwd *pw = home && *home ? NULL : getpwuid(getuid());

    if (home && *home)
        return home;
    return pw ? pw->pw_dir : NULL;
}
