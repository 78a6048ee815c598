/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_describe.c - containers, conditions and volumes of a pod, for people
 */
#include "cli/object_describe.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "cli/object_document.h"

/* A list of texts, joined; NULL when it is none. */
static char *joined(json_t *list)
{
    struct strbuf out = STRBUF_INIT;
    json_t *item;
    size_t i;

    if (!json_array_size(list))
        return NULL;
    json_array_foreach(list, i, item)
        strbuf_printf(&out, "%s%s", i ? " " : "",
                      json_string_value(item) ? json_string_value(item) : "");
    return strbuf_take(&out);
}

static void describe_list(FILE *out, int indent, const char *what, json_t *list)
{
    cleanup(freep) char *text = joined(list);

    if (text)
        describe_line(out, indent, what, "%s", text);
}

/* ------------------------------------------------------------------ containers */

static void describe_end(FILE *out, json_t *end)
{
    static const char *const rows[][2] = {{"Reason", "reason"},
                                          {"Message", "message"},
                                          {"Started", "startedAt"},
                                          {"Finished", "finishedAt"}};

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *text = object_text(end, rows[i][1], NULL);

        if (text[0])
            describe_line(out, 3, rows[i][0], "%s", text);
    }
    describe_line(out, 3, "Exit Code", "%lld",
                  (long long)json_integer_value(json_object_get(end, "exitCode")));
    if (json_object_get(end, "signal"))
        describe_line(out, 3, "Signal", "%lld",
                      (long long)json_integer_value(json_object_get(end, "signal")));
}

static void describe_state(FILE *out, const char *what, json_t *state)
{
    json_t *running = json_object_get(state, "running");
    json_t *waiting = json_object_get(state, "waiting");
    json_t *end = json_object_get(state, "terminated");

    if (running) {
        describe_line(out, 2, what, "Running");
        describe_line(out, 3, "Started", "%s", object_text(running, "startedAt", NULL));
    } else if (end) {
        describe_line(out, 2, what, "Terminated");
        describe_end(out, end);
    } else if (waiting) {
        describe_line(out, 2, what, "Waiting");
        if (object_text(waiting, "reason", NULL)[0])
            describe_line(out, 3, "Reason", "%s", object_text(waiting, "reason", NULL));
        if (object_text(waiting, "message", NULL)[0])
            describe_line(out, 3, "Message", "%s",
                          object_text(waiting, "message", NULL));
    }
}

static json_t *status_of(json_t *document, const char *list, const char *name)
{
    json_t *all = object_at(document, "status", list, NULL), *status;
    size_t i;

    json_array_foreach(all, i, status) if (strcmp(object_text(status, "name", NULL),
                                                  name) == 0) return status;
    return NULL;
}

static void describe_run(FILE *out, json_t *status)
{
    describe_state(out, "State", json_object_get(status, "state"));
    if (json_object_size(json_object_get(status, "lastState")))
        describe_state(out, "Last State", json_object_get(status, "lastState"));
    describe_line(out, 2, "Ready", "%s",
                  json_is_true(json_object_get(status, "ready")) ? "True" : "False");
    describe_line(
        out, 2, "Restart Count", "%lld",
        (long long)json_integer_value(json_object_get(status, "restartCount")));
}

static void describe_ports(FILE *out, json_t *ports)
{
    struct strbuf text = STRBUF_INIT;
    json_t *port;
    size_t i;

    json_array_foreach(ports, i, port)
    {
        const char *protocol = object_text(port, "protocol", NULL);

        strbuf_printf(
            &text, "%s%lld/%s", i ? ", " : "",
            (long long)json_integer_value(json_object_get(port, "containerPort")),
            protocol[0] ? protocol : "TCP");
    }
    if (text.len)
        describe_line(out, 2, "Ports", "%s", text.s);
    strbuf_fini(&text);
}

/* "exec [cat /ready] delay=0s timeout=1s period=10s #success=1 #failure=3" */
static void describe_probe(FILE *out, const char *what, json_t *probe)
{
    static const char *const rows[][2] = {{"delay", "initialDelaySeconds"},
                                          {"timeout", "timeoutSeconds"},
                                          {"period", "periodSeconds"}};
    struct strbuf text = STRBUF_INIT;
    cleanup(freep) char *command = joined(object_at(probe, "exec", "command", NULL));
    json_t *http = json_object_get(probe, "httpGet"), *port;
    json_t *grpc = json_object_get(probe, "grpc");

    if (!probe)
        return;
    port = http || grpc ? json_object_get(http ? http : grpc, "port")
                        : object_at(probe, "tcpSocket", "port", NULL);
    if (command) {
        strbuf_printf(&text, "exec [%s]", command);
    } else {
        cleanup(freep) char *number = json_dumps(port, JSON_ENCODE_ANY);

        strbuf_printf(&text, "%s :%s%s",
                      http   ? "http-get"
                      : grpc ? "grpc"
                             : "tcp-socket",
                      number ? number : "?", object_text(http, "path", NULL));
    }
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        strbuf_printf(
            &text, " %s=%llds", rows[i][0],
            (long long)json_integer_value(json_object_get(probe, rows[i][1])));
    strbuf_printf(
        &text, " #success=%lld #failure=%lld",
        (long long)json_integer_value(json_object_get(probe, "successThreshold")),
        (long long)json_integer_value(json_object_get(probe, "failureThreshold")));
    describe_line(out, 2, what, "%s", text.s);
    strbuf_fini(&text);
}

/* What stands for a value that comes from elsewhere. */
static char *source_of(json_t *from)
{
    static const char *const rows[][2] = {{"configMapKeyRef", "config map"},
                                          {"secretKeyRef", "secret"}};

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        json_t *ref = json_object_get(from, rows[i][0]);

        if (ref)
            return xasprintf("<key '%s' of %s '%s'>", object_text(ref, "key", NULL),
                             rows[i][1], object_text(ref, "name", NULL));
    }
    if (json_object_get(from, "fieldRef"))
        return xasprintf("(%s)", object_text(from, "fieldRef", "fieldPath", NULL));
    return xasprintf("(%s)", object_text(from, "resourceFieldRef", "resource", NULL));
}

static void describe_env(FILE *out, json_t *container)
{
    json_t *list = json_object_get(container, "env"), *item;
    json_t *from = json_object_get(container, "envFrom");
    size_t i;

    json_array_foreach(from, i, item)
    {
        bool is_secret = json_object_get(item, "secretRef") != NULL;

        describe_line(
            out, 2, "Environment From", "all of %s '%s'",
            is_secret ? "secret" : "config map",
            object_text(item, is_secret ? "secretRef" : "configMapRef", "name", NULL));
    }
    if (json_array_size(list))
        fprintf(out, "    Environment:\n");
    json_array_foreach(list, i, item)
    {
        json_t *source = json_object_get(item, "valueFrom");
        cleanup(freep) char *value =
            source ? source_of(source) : xstrdup(object_text(item, "value", NULL));

        fprintf(out, "      %s:  %s\n", object_text(item, "name", NULL), value);
    }
}

static void describe_mounts(FILE *out, json_t *mounts)
{
    json_t *mount;
    size_t i;

    if (json_array_size(mounts))
        fprintf(out, "    Mounts:\n");
    json_array_foreach(mounts, i, mount)
        fprintf(out, "      %s from %s (%s)\n", object_text(mount, "mountPath", NULL),
                object_text(mount, "name", NULL),
                json_is_true(json_object_get(mount, "readOnly")) ? "ro" : "rw");
}

static void describe_container(FILE *out, json_t *container, json_t *status)
{
    fprintf(out, "  %s:\n", object_text(container, "name", NULL));
    describe_line(out, 2, "Image", "%s", object_text(container, "image", NULL));
    if (object_text(status, "imageID", NULL)[0])
        describe_line(out, 2, "Image ID", "%s", object_text(status, "imageID", NULL));
    describe_ports(out, json_object_get(container, "ports"));
    describe_list(out, 2, "Command", json_object_get(container, "command"));
    describe_list(out, 2, "Args", json_object_get(container, "args"));
    if (status)
        describe_run(out, status);
    if (object_at(container, "resources", "limits", NULL))
        describe_map(out, 2, "Limits",
                     object_at(container, "resources", "limits", NULL));
    if (object_at(container, "resources", "requests", NULL))
        describe_map(out, 2, "Requests",
                     object_at(container, "resources", "requests", NULL));
    describe_probe(out, "Liveness", json_object_get(container, "livenessProbe"));
    describe_probe(out, "Readiness", json_object_get(container, "readinessProbe"));
    describe_probe(out, "Startup", json_object_get(container, "startupProbe"));
    describe_env(out, container);
    describe_mounts(out, json_object_get(container, "volumeMounts"));
}

static void describe_containers(FILE *out, const char *title, json_t *document,
                                json_t *list, const char *statuses)
{
    json_t *container;
    size_t i;

    if (!json_array_size(list))
        return;
    fprintf(out, "%s:\n", title);
    json_array_foreach(list, i, container) describe_container(
        out, container,
        document ? status_of(document, statuses, object_text(container, "name", NULL))
                 : NULL);
}

/* ---------------------------------------------------------------------- the rest */

static void describe_conditions(FILE *out, json_t *list)
{
    json_t *condition;
    size_t i;

    if (json_array_size(list))
        fprintf(out, "Conditions:\n");
    json_array_foreach(list, i, condition)
    {
        const char *reason = object_text(condition, "reason", NULL);
        const char *words = object_text(condition, "message", NULL);

        fprintf(out, "  %-18s %s%s%s%s%s\n", object_text(condition, "type", NULL),
                object_text(condition, "status", NULL), reason[0] ? "  " : "", reason,
                words[0] ? ": " : "", words);
    }
}

static void describe_volumes(FILE *out, json_t *volumes)
{
    json_t *volume, *value;
    const char *key;
    size_t i;

    if (json_array_size(volumes))
        fprintf(out, "Volumes:\n");
    json_array_foreach(volumes, i, volume)
    {
        json_object_foreach(volume, key, value)
        {
            cleanup(freep) char *text = NULL;

            if (strcmp(key, "name") == 0)
                continue;
            text = json_dumps(value, JSON_ENCODE_ANY);
            fprintf(out, "  %s:  %s %s\n", object_text(volume, "name", NULL), key,
                    text ? text : "");
        }
    }
}

static void describe_tolerations(FILE *out, json_t *list)
{
    json_t *item;
    size_t i;

    json_array_foreach(list, i, item) describe_line(
        out, 0, "Toleration", "%s%s%s:%s op=%s", object_text(item, "key", NULL),
        object_text(item, "value", NULL)[0] ? "=" : "",
        object_text(item, "value", NULL), object_text(item, "effect", NULL),
        object_text(item, "operator", NULL));
}

void describe_pod(json_t *document, FILE *out)
{
    describe_containers(out, "Init Containers", document,
                        object_at(document, "spec", "initContainers", NULL),
                        "initContainerStatuses");
    describe_containers(out, "Containers", document,
                        object_at(document, "spec", "containers", NULL),
                        "containerStatuses");
    describe_conditions(out, object_at(document, "status", "conditions", NULL));
    describe_volumes(out, object_at(document, "spec", "volumes", NULL));
    if (object_at(document, "spec", "nodeSelector", NULL))
        describe_map(out, 0, "Node-Selectors",
                     object_at(document, "spec", "nodeSelector", NULL));
    describe_tolerations(out, object_at(document, "spec", "tolerations", NULL));
}

void describe_template(json_t *template, FILE *out)
{
    fprintf(out, "Pod Template:\n");
    describe_map(out, 1, "Labels", object_at(template, "metadata", "labels", NULL));
    describe_containers(out, "Init Containers", NULL,
                        object_at(template, "spec", "initContainers", NULL), NULL);
    describe_containers(out, "Containers", NULL,
                        object_at(template, "spec", "containers", NULL), NULL);
    describe_volumes(out, object_at(template, "spec", "volumes", NULL));
}
