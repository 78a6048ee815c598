/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_target.c - a pod where a job could be named: "web", "pod/web", "job/sweep"
 */
#include "cli/pod_target.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/strv.h"
#include "cli/cluster_link.h"
#include "cli/job_target.h"
#include "cli/object_document.h"
#include "cli/pod_words.h"

bool pod_target_is_meant(const char *word)
{
    size_t digits = strspn(word, "0123456789");
    const char *rest = word + digits;

    if (digits == 0)
        return true;
    return rest[0] != '\0' && rest[0] != '_' && rest[0] != '.';
}

/* ------------------------------------------------------------------- finding */

static void keep(Berth__ObjectList *list, size_t which, struct pod_target *ret)
{
    ret->record = list->objects[which];
    ret->now = list->now;
    list->objects[which] = list->objects[--list->n_objects];
}

static bool is_running(const Berth__ObjectRecord *pod)
{
    return pod->pod && strcmp(pod->pod->phase, "Running") == 0;
}

/* One that runs, or else the first. */
static int choose(Berth__ObjectList *list, const char *word, struct pod_target *ret)
{
    size_t which = 0;

    if (list->n_objects == 0) {
        say_error("%s has no pods", word);
        return -ENOENT;
    }
    while (which + 1 < list->n_objects && !is_running(list->objects[which]))
        which++;
    if (!is_running(list->objects[which]))
        which = 0;
    if (list->n_objects > 1)
        say_info("%zu pods, using pod/%s", list->n_objects, list->objects[which]->name);
    keep(list, which, ret);
    return 0;
}

static int find_made(struct berth *berth, const Berth__ObjectRecord *owner,
                     const char *word, struct pod_target *ret)
{
    cleanup(reply_freep) Berth__ObjectList *list = NULL;
    Berth__ObjectQuery query = BERTH__OBJECT_QUERY__INIT;
    char kind[] = "Pod";
    struct berth_err err;

    query.kind = kind;
    query.name_space = owner->name_space;
    query.made_by = owner->uid;
    if (berth_objects(berth, &query, &list, &err) < 0) {
        say_error("%s", err.text);
        return err.code ? -err.code : -EIO;
    }
    return choose(list, word, ret);
}

static const struct mf_kind *kind_in(const char *word)
{
    const char *slash = strchr(word, '/');

    return slash ? object_kind(word, (size_t)(slash - word)) : object_kind("pod", 3);
}

int pod_target_find(struct berth *berth, const char *word,
                    const struct object_scope *scope, struct pod_target *ret)
{
    cleanup(reply_freep) Berth__ObjectList *list = NULL;
    const struct mf_kind *kind = kind_in(word);
    const char *slash = strchr(word, '/');
    int rc;

    *ret = (struct pod_target){.record = NULL};
    if (!kind)
        return -EINVAL;
    if (kind->id != MF_POD && kind->id != MF_JOB) {
        say_error("'%s': name a pod, or a job that has some", word);
        return -EINVAL;
    }
    rc = object_ask_one(berth, kind, slash ? slash + 1 : word, scope, &list);
    if (rc < 0)
        return rc;
    if (kind->id == MF_JOB)
        return find_made(berth, list->objects[0], word, ret);
    keep(list, 0, ret);
    return 0;
}

void pod_target_fini(struct pod_target *target)
{
    berth_free(target->record);
    target->record = NULL;
}

/* ----------------------------------------------------------------- containers */

static void add_names(char ***names, json_t *list)
{
    json_t *container;
    size_t i;

    json_array_foreach(list, i, container)
        strv_add(names, object_text(container, "name", NULL));
}

char **pod_target_containers(const Berth__ObjectRecord *pod)
{
    json_t *document = object_document_quick(pod);
    char **names = NULL;

    add_names(&names, object_at(document, "spec", "initContainers", NULL));
    add_names(&names, object_at(document, "spec", "containers", NULL));
    json_decref(document);
    return names;
}

/* What the pod itself says, or its first that is no init container. */
static char *preset(json_t *document, bool is_said)
{
    static const char *const notes[] = {"kubectl.kubernetes.io/default-container",
                                        "kubectl.kubernetes.io/default-logs-container"};
    json_t *list = object_at(document, "spec", "containers", NULL);
    cleanup(strv_freep) char **names = NULL;
    cleanup(freep) char *all = NULL;

    for (size_t i = 0; i < ARRAY_SIZE(notes); i++) {
        const char *name =
            object_text(document, "metadata", "annotations", notes[i], NULL);

        if (name[0])
            return xstrdup(name);
    }
    add_names(&names, list);
    if (!names)
        return xstrdup("");
    all = strv_join(names, ", ");
    if (is_said && names[1])
        say_info("container %s of: %s", names[0], all);
    return xstrdup(names[0]);
}

char *pod_target_container(const Berth__ObjectRecord *pod, const char *name,
                           bool is_said)
{
    cleanup(strv_freep) char **names = pod_target_containers(pod);
    json_t *document = object_document_quick(pod);
    char *chosen = name ? xstrdup(name) : preset(document, is_said);

    json_decref(document);
    if (chosen[0] && names && !strv_has(names, chosen)) {
        const char *near =
            nearest_name(chosen, (const char *const *)names, strv_len(names));
        cleanup(freep) char *all = strv_join(names, ", ");

        say_error("pod %s has no container '%s'%s%s; it has %s", pod->name, chosen,
                  near ? "; nearest: " : "", near ? near : "", all);
        free(chosen);
        return NULL;
    }
    return chosen;
}

/* ------------------------------------------------------------------- reaching */

/* Say how the pod stands, as why something cannot be done. */
static void say_state(const Berth__ObjectRecord *pod)
{
    json_t *document = object_document_quick(pod);
    cleanup(freep) char *status = pod_words_status(pod, document);
    const char *words = pod->pod ? pod->pod->words : "";

    json_decref(document);
    say_error("pod %s does not run: %s%s%s", pod->name, status, words[0] ? ": " : "",
              words);
}

int pod_target_reach(struct berth *berth, const Berth__ObjectRecord *pod,
                     struct berth_steps **ret, struct berth_err *err)
{
    cleanup(reply_freep) Berth__JobList *list = NULL;
    Berth__JobQuery query = BERTH__JOB_QUERY__INIT;
    uint32_t id = pod->job_id;
    int rc;

    if (!id)
        return -ESRCH;
    query.ids = &id;
    query.n_ids = 1;
    query.with_spec = true;
    query.all = true;
    rc = berth_jobs(berth, &query, &list, err);
    if (rc < 0)
        return rc;
    if (list->n_jobs != 1 || !job_target_has_nodes(list->jobs[0]))
        return -ESRCH;
    return job_target_reach_lead(berth, list->jobs[0], ret, err);
}

int pod_target_reach_node(struct berth *berth, const Berth__ObjectRecord *pod,
                          struct berth_steps **ret, struct berth_err *err)
{
    cleanup(reply_freep) Berth__NodeList *list = NULL;
    Berth__NodeQuery query = BERTH__NODE_QUERY__INIT;
    int rc;

    if (!pod->pod || !pod->pod->node[0])
        return -ESRCH;
    query.names = &pod->pod->node;
    query.n_names = 1;
    rc = berth_nodes(berth, &query, &list, err);
    if (rc < 0)
        return rc;
    if (list->n_nodes != 1)
        return -ESRCH;
    return berth_steps_connect_node(berth, list->nodes[0]->address,
                                    (uint16_t)list->nodes[0]->port, ret, err);
}

int pod_target_call(struct berth *berth, const Berth__ObjectRecord *pod,
                    struct berth_steps **ret)
{
    struct berth_err err;
    int rc = pod_target_reach(berth, pod, ret, &err);

    if (rc == -ESRCH)
        say_state(pod);
    else if (rc < 0)
        say_error("pod %s: %s", pod->name, err.text);
    return rc;
}

int pod_target_open(struct berth *berth, const char *word,
                    const struct object_scope *scope, const char *container,
                    struct berth_steps **ret, char **ret_container)
{
    cleanup(pod_target_fini) struct pod_target target = {0};
    int rc = pod_target_find(berth, word, scope, &target);

    if (rc < 0)
        return rc;
    *ret_container = pod_target_container(target.record, container, true);
    if (!*ret_container)
        return -ENOENT;
    return pod_target_call(berth, target.record, ret);
}
