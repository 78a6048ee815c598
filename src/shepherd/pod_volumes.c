/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_volumes.c - variables and volumes of a pod, from what its node was sent
 */
#include "shepherd/pod_volumes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bitset.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strv.h"
#include "objects/manifest.h"
#include "volume/env.h"

struct pod_volumes {
    const struct mf_pod *pod;
    struct pod_data *data;
    struct host_rules *site;
    struct volumes *volumes;
    struct pod_facts facts;
    struct manifest renewed; /* the pod, where its labels have changed since */
    char *host_ip, *pod_ip;  /* of the facts */
    int *roots;
};

/* ------------------------------------------------------------------- objects */

/* Its bytes may be a Secret's: they are taken once, and then nowhere else. */
static int take_object(struct pod_volumes *v, const Berth__PodObject *object)
{
    struct err err;
    int rc = pod_data_put(v->data, object->kind, object->name, object->revision,
                          object->manifest.data, object->manifest.len, &err);

    if (object->manifest.len)
        explicit_bzero(object->manifest.data, object->manifest.len);
    if (rc < 0)
        log_warn("%s %s: %s", object->kind, object->name, err.text);
    return rc;
}

/* Of the pod itself, which a volume shows: its labels and annotations. */
static int take_pod(struct pod_volumes *v, const Berth__PodObject *object)
{
    static const struct manifest_rules rules = {.name_space = NULL};
    struct manifest read = {0};
    const struct mf_pod *pod;

    if (!object->manifest.len)
        return 0;
    if (manifest_read("pod", (const char *)object->manifest.data, object->manifest.len,
                      &rules, &read, NULL) ||
        read.n != 1 || !read.objects->object || read.objects->kind->id != MF_POD) {
        log_warn("the pod has changed in a way that is not understood");
        manifest_fini(&read);
        return -EINVAL;
    }
    manifest_fini(&v->renewed);
    v->renewed = read;
    pod = read.objects->object;
    v->facts.meta = pod->meta;
    return 1;
}

static int take_one(struct pod_volumes *v, const Berth__PodObject *object)
{
    if (strcmp(object->kind, "Gang") == 0)
        return 0; /* of the pod's network */
    /* A core dump of ours would have what passed through here. */
    if (strcmp(object->kind, "Secret") == 0)
        identity_keep_closed();
    return strcmp(object->kind, "Pod") == 0 ? take_pod(v, object)
                                            : take_object(v, object);
}

static size_t take_objects(struct pod_volumes *v, Berth__PodObject *const *objects,
                           size_t n)
{
    size_t changed = 0;

    for (size_t i = 0; i < n; i++)
        changed += take_one(v, objects[i]) > 0;
    return changed;
}

/* --------------------------------------------------------------------- facts */

/* What the pod has of the node, which limits it where it does not say so itself. */
static void set_amounts(struct pod_facts *facts, const Berth__NodeShare *share)
{
    int64_t pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);

    facts->node_milli = (int64_t)bitset_text_count(share->cores) * 1000;
    if (share->cpu_milli && facts->node_milli >= 1000)
        facts->node_milli += (int64_t)share->cpu_milli - 1000;
    facts->node_memory = share->memory ? (int64_t)(share->memory << 20) : pages * page;
}

static void set_facts(struct pod_volumes *v, const struct shepherd *sh)
{
    const Berth__Assignment *assignment = sh->assignment;
    const Berth__PodWish *wish =
        assignment->job && assignment->job->spec ? assignment->job->spec->pod : NULL;

    v->facts = (struct pod_facts){.uid = wish ? wish->uid : NULL,
                                  .node = assignment->node_name,
                                  .user = sh->owner.name};
    set_amounts(&v->facts, sh->grant->placement->shares[assignment->node_index]);
}

static const char *known(const char *text)
{
    return text && text[0] ? text : NULL;
}

void pod_volumes_addresses(struct pod_volumes *v, const char *host, const char *pod)
{
    str_replace(&v->host_ip, known(host));
    str_replace(&v->pod_ip, known(pod));
    v->facts.host_ip = v->host_ip;
    v->facts.pod_ip = v->pod_ip;
}

/* ---------------------------------------------------------------------- life */

int pod_volumes_create(struct shepherd *sh, const struct mf_pod *pod,
                       struct pod_volumes **ret, struct err *err)
{
    const Berth__LaunchJob *launch = sh->assignment->job;
    struct pod_volumes *v = xcalloc(1, sizeof(*v));
    int rc;

    v->pod = pod;
    v->data = pod_data_create();
    set_facts(v, sh);
    if (launch)
        (void)take_objects(v, launch->pod_objects, launch->n_pod_objects);
    rc = host_rules_parse(sh->assignment->host_paths, sh->assignment->nfs_mounts,
                          sh->owner.name, &v->site, err);
    if (rc)
        pod_volumes_destroy(v);
    else
        *ret = v;
    return rc;
}

size_t pod_volumes_exports(const struct pod_volumes *v, const struct mf_nfs **ret)
{
    size_t n = 0;

    for (size_t i = 0; i < v->pod->spec->volumes.n; i++) {
        const struct mf_nfs *nfs =
            volumes_nfs(&v->pod->spec->volumes.items[i], v->data);

        if (nfs && !host_nfs_is_known(v->site, nfs))
            ret[n++] = nfs;
    }
    return n;
}

int pod_volumes_add_export(struct pod_volumes *v, const char *rule, struct err *err)
{
    return host_rules_add_nfs(v->site, rule, err);
}

int pod_volumes_prepare(struct pod_volumes *v, const char *dir, struct err *err)
{
    return volumes_create(v->pod, v->data, v->site, dir, &v->volumes, err);
}

void pod_volumes_destroy(struct pod_volumes *v)
{
    if (!v)
        return;
    volumes_destroy(v->volumes);
    host_rules_free(v->site);
    pod_data_destroy(v->data);
    manifest_fini(&v->renewed);
    free(v->host_ip);
    free(v->pod_ip);
    free(v->roots);
    free(v);
}

const struct volume_memory *pod_volumes_memory(const struct pod_volumes *v,
                                               size_t *ret_n)
{
    return volumes_memory(v->volumes, ret_n);
}

void pod_volumes_reach(struct pod_volumes *v, const int *roots)
{
    size_t n;

    (void)volumes_memory(v->volumes, &n);
    v->roots = n ? xmemdup(roots, n * sizeof(*roots)) : NULL;
    volumes_reach(v->volumes, v->roots);
}

/* ----------------------------------------------------------- of a container */

int pod_volumes_env(const struct pod_volumes *v, const struct mf_container *container,
                    char ***ret_env, struct err *err)
{
    cleanup(strv_freep) char **skipped = NULL;
    int rc =
        pod_env_resolve(v->pod, container, v->data, &v->facts, ret_env, &skipped, err);

    if (skipped)
        log_info("container %s: %zu keys of envFrom are no names of variables",
                 container->name, strv_len(skipped));
    return rc;
}

int pod_volumes_binds(struct pod_volumes *v, const struct mf_container *container,
                      char *const *env, struct volume_binds *ret, struct err *err)
{
    struct err why;
    int missing = volumes_update(v->volumes, v->data, &v->facts, &why);
    int rc = volumes_binds(v->volumes, container, env, ret, err);

    /* The one that is not filled is the one that something was missing for. */
    return rc == -ENODATA && missing < 0 ? err_set(err, why.code, "%s", why.text) : rc;
}

bool pod_volumes_take(struct pod_volumes *v, const Berth__PodData *data)
{
    struct err err;

    if (!take_objects(v, data->objects, data->n_objects))
        return false;
    if (v->volumes && volumes_update(v->volumes, v->data, &v->facts, &err) < 0)
        log_info("%s", err.text);
    return true;
}

int pod_volumes_watch(struct pod_volumes *v, int64_t now_ms, struct err *err)
{
    return volumes_watch(v->volumes, now_ms, err);
}
