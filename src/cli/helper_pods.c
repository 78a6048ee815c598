/* SPDX-License-Identifier: Apache-2.0
 *
 * helper_pods.c - pods that a batch job brings along, from files and BatchJobs
 */
#include "cli/helper_pods.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "cli/manifest_files.h"
#include "manifest/fields.h"
#include "manifest/write.h"
#include "objects/manifest.h"
#include "wire/pack.h"

/* "-" and a job's number follow, and all of it is a host's name. */
#define NAME_MAX_LENGTH 52

static struct {
    struct mf_field *fields;
    struct mf_type type;
} made;

/* ------------------------------------------------------------------ the type */

static const struct mf_kind *pod_kind(void)
{
    return kind_by_name(NULL, "Pod");
}

const struct mf_type *helper_pods_type(void)
{
    static const char *const versions[] = {"v1", NULL}, *const kinds[] = {"Pod", NULL};
    const struct mf_type *pod = pod_kind()->type;

    if (made.fields)
        return &made.type;
    made.fields = xcalloc(pod->n_fields + 2, sizeof(*made.fields));
    memcpy(made.fields, pod->fields, pod->n_fields * sizeof(*made.fields));
    made.fields[pod->n_fields] = (struct mf_field){.name = "apiVersion",
                                                   .value = MF_WORD,
                                                   .offset = MF_NO_MEMBER,
                                                   .words = versions,
                                                   .help = "may be left out"};
    made.fields[pod->n_fields + 1] = (struct mf_field){.name = "kind",
                                                       .value = MF_WORD,
                                                       .offset = MF_NO_MEMBER,
                                                       .words = kinds,
                                                       .help = "may be left out"};
    made.type = (struct mf_type){.name = "HelperPod",
                                 .help = "A pod that starts and ends with its job.",
                                 .size = pod->size,
                                 .fields = made.fields,
                                 .n_fields = pod->n_fields + 2};
    return &made.type;
}

void helper_pods_fill(struct node_tree *tree, struct node *list)
{
    for (size_t i = 0; list && i < list->n_items; i++)
        pod_kind()->fill(tree, list->items[i]);
}

/* ------------------------------------------------------------------ judging */

static int check_name(const char *name, struct err *err)
{
    if (!name || !*name)
        return err_set(err, EINVAL, "metadata.name: a helper pod has a name");
    if (strlen(name) > NAME_MAX_LENGTH)
        return err_set(err, EINVAL,
                       "metadata.name: at most %d characters, as the job's number is "
                       "added",
                       NAME_MAX_LENGTH);
    return 0;
}

static const char *name_of(const struct node *pod)
{
    return node_string(node_get(pod, "metadata"), "name");
}

static bool is_known_before(const struct node *list, size_t i)
{
    const char *name = name_of(list->items[i]);

    for (size_t k = 0; name && k < i; k++) {
        const char *other = name_of(list->items[k]);

        if (other && strcmp(other, name) == 0)
            return true;
    }
    return false;
}

/* What is said of the pod alone is said of it in its place. */
static void retell(const struct rules *r, const char *at, const struct report *report)
{
    for (size_t i = 0; i < report->n; i++) {
        const struct problem *problem = &report->problems[i];
        const struct rule_path path =
            *problem->path ? below(at, ".%s", problem->path) : below(at, "%s", "");

        (problem->is_error ? rule_broken : rule_doubtful)(r, path.s, "%s",
                                                          problem->text);
    }
}

void helper_pods_judge(const struct rules *r, const char *path, const struct node *list)
{
    for (size_t i = 0; list && i < list->n_items; i++) {
        const struct node *pod = list->items[i];
        const struct rule_path at = below(path, "[%zu]", i);
        struct report report = {0};
        const struct rules own = {.report = &report, .root = pod};
        void *object = fields_decode(helper_pods_type(), pod);
        struct err err;

        pod_kind()->judge(&own, object);
        retell(r, at.s, &report);
        if (check_name(name_of(pod), &err))
            rule_broken(r, at.s, "%s", err.text);
        else if (is_known_before(list, i))
            rule_broken(r, below(at.s, ".metadata.name").s,
                        "another helper pod has this name");
        fields_free(helper_pods_type(), object);
        report_fini(&report);
    }
}

/* ------------------------------------------------------------------ adding */

static char *pod_text(const struct node *pod, size_t *ret_len)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, ret_len);

    BUG_ON(!out);
    fputs("{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": ", out);
    node_write_json(node_get(pod, "metadata"), 0, out);
    fputs(", \"spec\": ", out);
    node_write_json(node_get(pod, "spec"), 0, out);
    fputs("}", out);
    BUG_ON(fclose(out));
    return text;
}

int helper_pods_add(Berth__JobSpec *spec, const struct node *pod, struct err *err)
{
    const char *name = name_of(pod);
    Berth__PodWish *wish = spec->pod;
    Berth__PodHelper *helper;
    int rc = check_name(name, err);

    for (size_t i = 0; rc == 0 && wish && i < wish->n_helpers; i++)
        if (strcmp(wish->helpers[i]->name, name) == 0)
            rc = err_set(err, EINVAL, "helper pod %s is there already", name);
    if (rc)
        return rc;
    if (!wish) {
        spec->pod = wish = xmalloc(sizeof(*wish));
        berth__pod_wish__init(wish);
    }
    helper = xmalloc(sizeof(*helper));
    berth__pod_helper__init(helper);
    helper->name = xstrdup(name);
    helper->manifest.data = (uint8_t *)pod_text(pod, &helper->manifest.len);
    wish->helpers = xrealloc(wish->helpers, wish->n_helpers + 1, sizeof(helper));
    wish->helpers[wish->n_helpers++] = helper;
    return 0;
}

/* ------------------------------------------------------------------ files */

/* The first thing that is wrong with it, and how many more are. */
static int tell_errors(const char *file, const struct report *report, struct err *err)
{
    for (size_t i = 0; i < report->n; i++) {
        cleanup(freep) char *text = NULL;

        if (!report->problems[i].is_error)
            continue;
        text = problem_format(&report->problems[i], file);
        return report->n_errors > 1 ? err_set(err, EINVAL, "%s; and %zu more", text,
                                              report->n_errors - 1)
                                    : err_set(err, EINVAL, "%s", text);
    }
    return 0;
}

static int add_object(struct job_args *args, const char *file,
                      const struct mf_object *object, struct err *err)
{
    if (object->report.n_errors)
        return tell_errors(file, &object->report, err);
    if (object->kind->id != MF_POD)
        return err_set(err, EINVAL, "%s:%u: a %s is no helper pod", file,
                       object->root->line, object->kind->name);
    for (size_t i = 0; i < object->report.n; i++) {
        cleanup(freep) char *text = problem_format(&object->report.problems[i], file);

        job_args_warn(args, "--pod: %s", text);
    }
    if (helper_pods_add(args->spec, object->root, err))
        return err_wrap(err, "%s:%u", file, object->root->line);
    return 0;
}

static int read_file(struct job_args *args, const char *path, struct err *err)
{
    const struct manifest_rules rules = {.name_space = NULL};
    cleanup(freep) char *text = NULL;
    struct manifest manifest;
    const char *name;
    size_t len;
    int rc = manifest_file_read(path, &text, &len, &name, err);

    if (rc == 0)
        rc = manifest_read(name, text, len, &rules, &manifest, err);
    if (rc)
        return rc;
    if (manifest.n == 0)
        rc = err_set(err, EINVAL, "%s: there is no pod in it", name);
    for (size_t i = 0; rc == 0 && i < manifest.n; i++)
        rc = add_object(args, name, &manifest.objects[i], err);
    manifest_fini(&manifest);
    return rc;
}

int helper_pods_read(struct job_args *args, struct err *err)
{
    strv_foreach (path, args->pods) {
        int rc = read_file(args, *path, err);

        if (rc)
            return err_wrap(err, "--pod");
    }
    return 0;
}

char *helper_pods_names(const Berth__JobSpec *spec)
{
    struct strbuf names = STRBUF_INIT;

    if (!spec->pod || spec->pod->n_helpers == 0)
        return NULL;
    for (size_t i = 0; i < spec->pod->n_helpers; i++)
        strbuf_printf(&names, "%s%s", i ? ", " : "", spec->pod->helpers[i]->name);
    return strbuf_take(&names);
}
