/* SPDX-License-Identifier: Apache-2.0
 *
 * work_document.c - manifests of pods, Jobs and CronJobs, made of a few words
 */
#include "cli/work_document.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"
#include "cli/object_document.h"

#define PORT_MAX 65535

json_t *work_document_begin(const char *api, const char *kind, const char *name)
{
    return json_pack("{s:s, s:s, s:{s:s}}", "apiVersion", api, "kind", kind, "metadata",
                     "name", name);
}

static json_t *list_of(char *const *words)
{
    json_t *list = json_array();

    for (size_t i = 0; words[i]; i++)
        (void)json_array_append_new(list, json_string(words[i]));
    return list;
}

static int add_env(json_t *container, char **env, struct err *err)
{
    json_t *list = json_array();
    int rc = 0;

    strv_foreach (word, env) {
        const char *eq = strchr(*word, '=');

        if (!eq || eq == *word) {
            rc = err_set(err, EINVAL, "--env: '%.100s' is not NAME=VALUE", *word);
            break;
        }
        (void)json_array_append_new(list,
                                    json_pack("{s:s%, s:s}", "name", *word,
                                              (size_t)(eq - *word), "value", eq + 1));
    }
    if (json_array_size(list))
        (void)json_object_set(container, "env", list);
    json_decref(list);
    return rc;
}

static int add_port(json_t *container, const char *text, struct err *err)
{
    int64_t port;

    if (!text)
        return 0;
    if (number_parse(text, 1, PORT_MAX, &port, err))
        return err_wrap(err, "--port");
    (void)json_object_set_new(container, "ports",
                              json_pack("[{s:I}]", "containerPort", (json_int_t)port));
    return 0;
}

static json_t *container_of(const char *name, const struct work_words *words,
                            bool is_command, struct err *err)
{
    json_t *container;

    if (!words->image) {
        err_set(err, EINVAL, "which image? Name it with --image");
        return NULL;
    }
    container = json_pack("{s:s, s:s}", "name", name, "image", words->image);
    if (words->words)
        (void)json_object_set_new(container, is_command ? "command" : "args",
                                  list_of(words->words));
    if (add_env(container, words->env, err) == 0 &&
        add_port(container, words->port, err) == 0)
        return container;
    json_decref(container);
    return NULL;
}

static json_t *pod_spec(const char *name, const struct work_words *words,
                        bool is_command, const char *restart, struct err *err)
{
    json_t *container = container_of(name, words, is_command, err), *spec;

    if (!container)
        return NULL;
    spec = json_pack("{s:[o]}", "containers", container);
    if (words->restart || restart)
        (void)json_object_set_new(
            spec, "restartPolicy",
            json_string(words->restart ? words->restart : restart));
    return spec;
}

/* "a=b,c=d" */
static int add_labels(json_t *object, const char *text, struct err *err)
{
    cleanup(strv_freep) char **words = strv_split(text, ",");
    json_t *labels = json_object();

    (void)json_object_set_new(json_object_get(object, "metadata"), "labels", labels);
    strv_foreach (word, words) {
        char *eq = strchr(*word, '=');

        if (!eq || eq == *word)
            return err_set(err, EINVAL, "--labels: '%.100s' is not KEY=VALUE", *word);
        *eq = '\0';
        (void)json_object_set_new(labels, *word, json_string(eq + 1));
    }
    return 0;
}

json_t *work_document_pod(const char *name, const struct work_words *words,
                          struct err *err)
{
    json_t *spec = pod_spec(name, words, words->is_command, NULL, err), *pod;
    cleanup(freep) char *labels =
        words->labels ? xstrdup(words->labels) : xasprintf("run=%s", name);

    if (!spec)
        return NULL;
    pod = work_document_begin("v1", "Pod", name);
    (void)json_object_set_new(pod, "spec", spec);
    if (add_labels(pod, labels, err) == 0)
        return pod;
    json_decref(pod);
    return NULL;
}

/* {"template": {"spec": ...}} */
static json_t *job_spec(const char *name, const struct work_words *words,
                        const char *restart, struct err *err)
{
    json_t *spec = pod_spec(name, words, true, restart, err);

    return spec ? json_pack("{s:{s:o}}", "template", "spec", spec) : NULL;
}

json_t *work_document_job(const char *name, const struct work_words *words,
                          struct err *err)
{
    json_t *spec = job_spec(name, words, "Never", err), *job;

    if (!spec)
        return NULL;
    job = work_document_begin("batch/v1", "Job", name);
    (void)json_object_set_new(job, "spec", spec);
    return job;
}

json_t *work_document_cron_job(const char *name, const struct work_words *words,
                               struct err *err)
{
    json_t *spec, *cron;

    if (!words->schedule) {
        err_set(err, EINVAL, "when? Say it with --schedule");
        return NULL;
    }
    spec = job_spec(name, words, "OnFailure", err);
    if (!spec)
        return NULL;
    cron = work_document_begin("batch/v1", "CronJob", name);
    (void)json_object_set_new(cron, "spec",
                              json_pack("{s:s, s:{s:o}}", "schedule", words->schedule,
                                        "jobTemplate", "spec", spec));
    return cron;
}

json_t *work_document_job_of_cron(const char *name, json_t *cron)
{
    json_t *template = object_at(cron, "spec", "jobTemplate", NULL);
    json_t *job = work_document_begin("batch/v1", "Job", name);
    json_t *metadata = json_object_get(job, "metadata");
    json_t *given = object_at(template, "metadata", NULL);
    json_t *notes = json_deep_copy(json_object_get(given, "annotations"));

    if (!notes)
        notes = json_object();
    (void)json_object_set_new(notes, "cronjob.kubernetes.io/instantiate",
                              json_string("manual"));
    (void)json_object_set_new(metadata, "annotations", notes);
    if (json_object_get(given, "labels"))
        (void)json_object_set(metadata, "labels", json_object_get(given, "labels"));
    (void)json_object_set(job, "spec", json_object_get(template, "spec"));
    return job;
}
