/* SPDX-License-Identifier: Apache-2.0
 *
 * step_meta.c - instructions that change the configuration only
 */
#include "build/builder.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/strv.h"
#include "build/duration.h"

#define PORT_MAX 65535
#define PORTS_MAX 1000 /* of one range */

static int set_text(const struct step *step, const char *key, struct err *err)
{
    cleanup(freep) char *text = NULL;
    int rc = step_expand(step, step->in->rest, &text, err);

    if (!rc && !*text)
        rc = err_set(err, EINVAL, "its value is empty");
    if (!rc)
        config_set_text(step->state->config, key, text);
    return rc;
}

typedef void pair_fn(struct step *step, const char *name, const char *value);

static void put_env(struct step *step, const char *name, const char *value)
{
    config_setenv(step->state->config, name, value);
}

static void put_label(struct step *step, const char *name, const char *value)
{
    config_set_label(step->state->config, name, value);
}

/* All values of one instruction see the variables as they were before it. */
static int set_pairs(struct step *step, pair_fn *put, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; !rc && i < step->in->n_pairs; i++) {
        cleanup(freep) char *name = NULL;
        cleanup(freep) char *value = NULL;

        rc = step_expand(step, step->in->pairs[i].name, &name, err);
        if (!rc)
            rc = step_expand(step, step->in->pairs[i].value, &value, err);
        if (!rc && (!*name || strchr(name, '=')))
            rc = err_set(err, EINVAL, "'%.60s' is no name", name);
        if (!rc)
            put(step, name, value);
    }
    strv_free(step->state->scope.env);
    step->state->scope.env = config_list(step->state->config, "Env");
    return rc;
}

static int declare_args(struct step *step, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; !rc && i < step->in->n_pairs; i++) {
        const struct pair *pair = &step->in->pairs[i];
        cleanup(freep) char *value = NULL;

        if (pair->value)
            rc = step_expand(step, pair->value, &value, err);
        if (!rc)
            scope_declare(&step->state->scope, pair->name, value);
        strv_add(&step->b->asked_args, pair->name);
    }
    return rc;
}

/* A command in its exec form, or in its shell form by the image's shell. */
static char **command_of(const struct step *step, const char *text)
{
    char **words = NULL;

    if (step->in->is_json)
        return step->in->words ? strv_dup(step->in->words) : xcalloc(1, sizeof(char *));
    words = config_list(step->state->config, "Shell");
    if (!words) {
        strv_add(&words, "/bin/sh");
        strv_add(&words, "-c");
    }
    strv_add(&words, text);
    return words;
}

static int set_command(struct step *step)
{
    cleanup(strv_freep) char **words = command_of(step, step->in->rest);
    struct image_config *config = step->state->config;

    if (step->in->kind == INSTRUCTION_CMD) {
        config_set_list(config, "Cmd", words);
        step->state->has_cmd = true;
        return 0;
    }
    config_set_list(config, "Entrypoint", words);
    /* The base image's arguments were for its own entry point. */
    if (!step->state->has_cmd)
        config_set_list(config, "Cmd", NULL);
    return 0;
}

static int read_port(const char *s, const char **ret_end, long *ret)
{
    char *end;

    if (!isdigit((unsigned char)*s))
        return -EINVAL;
    *ret = strtol(s, &end, 10);
    *ret_end = end;
    return *ret < 1 || *ret > PORT_MAX ? -EINVAL : 0;
}

/* "80", "80/tcp", "8000-8010/udp". */
static int expose(const struct step *step, const char *word, struct err *err)
{
    const char *end, *kind = "tcp";
    long from, to;
    int rc = read_port(word, &end, &from);

    to = from;
    if (!rc && *end == '-')
        rc = read_port(end + 1, &end, &to);
    if (!rc && *end == '/')
        kind = end + 1;
    else if (*end)
        rc = -EINVAL;
    if (rc || to < from || to - from > PORTS_MAX ||
        (strcasecmp(kind, "tcp") != 0 && strcasecmp(kind, "udp") != 0 &&
         strcasecmp(kind, "sctp") != 0))
        return err_set(err, EINVAL, "'%.60s' is no port as 80, 80/udp or 8000-8010",
                       word);
    for (long port = from; port <= to; port++) {
        cleanup(freep) char *name = xasprintf("%ld/%s", port, kind);

        config_add_key(step->state->config, "ExposedPorts", name);
    }
    return 0;
}

static int set_ports(const struct step *step, struct err *err)
{
    struct expansion ex = scope_expansion(&step->state->scope, step->file->escape);
    cleanup(strv_freep) char **words = NULL;
    int rc = expand_words(&ex, step->in->rest, &words, err);

    strv_foreach (word, words) {
        if (rc)
            break;
        rc = expose(step, *word, err);
    }
    return rc;
}

static int set_volumes(const struct step *step, struct err *err)
{
    int rc = 0;

    strv_foreach (word, step->in->words) {
        cleanup(freep) char *path = NULL;

        if (rc)
            break;
        rc = step_expand(step, *word, &path, err);
        if (!rc && !*path)
            rc = err_set(err, EINVAL, "a path is empty");
        if (!rc)
            config_add_key(step->state->config, "Volumes", path);
    }
    return rc;
}

static int health_time(const struct step *step, const char *name, int64_t *ret,
                       struct err *err)
{
    const char *text = instruction_flag(step->in, name);

    if (!text || go_duration_parse(text, ret) == 0)
        return 0;
    return err_set(err, EINVAL, "--%s=%.40s is no time as 30s, 1m30s or 500ms", name,
                   text);
}

static int health_retries(const struct step *step, int64_t *ret, struct err *err)
{
    const char *text = instruction_flag(step->in, "retries");

    if (!text)
        return 0;
    if (!*text || strlen(text) > 6 || text[strspn(text, "0123456789")])
        return err_set(err, EINVAL, "--retries=%.40s is no number", text);
    *ret = atoi(text);
    return 0;
}

static int set_health(const struct step *step, struct err *err)
{
    struct config_health health = {0};
    cleanup(strv_freep) char **test = NULL;
    int rc;

    if (strcasecmp(step->in->rest, "NONE") == 0 && !step->in->is_json) {
        strv_add(&test, "NONE");
    } else if (step->in->is_json) {
        strv_add(&test, "CMD");
        strv_foreach (word, step->in->words)
            strv_add(&test, *word);
    } else {
        strv_add(&test, "CMD-SHELL");
        strv_add(&test, step->in->rest);
    }
    health.test = test;
    if ((rc = health_time(step, "interval", &health.interval, err)) ||
        (rc = health_time(step, "timeout", &health.timeout, err)) ||
        (rc = health_time(step, "start-period", &health.start_period, err)) ||
        (rc = health_time(step, "start-interval", &health.start_interval, err)) ||
        (rc = health_retries(step, &health.retries, err)))
        return rc;
    config_set_health(step->state->config, &health);
    step_warn(step, "kept for the image; jobs do not run health checks");
    return 0;
}

static int change(struct step *step, struct err *err)
{
    const struct instruction *in = step->in;
    struct image_config *config = step->state->config;

    switch (in->kind) {
    case INSTRUCTION_ENV:
        return set_pairs(step, put_env, err);
    case INSTRUCTION_LABEL:
        return set_pairs(step, put_label, err);
    case INSTRUCTION_ARG:
        return declare_args(step, err);
    case INSTRUCTION_CMD:
    case INSTRUCTION_ENTRYPOINT:
        return set_command(step);
    case INSTRUCTION_EXPOSE:
        return set_ports(step, err);
    case INSTRUCTION_VOLUME:
        return set_volumes(step, err);
    case INSTRUCTION_HEALTHCHECK:
        return set_health(step, err);
    case INSTRUCTION_USER:
        return set_text(step, "User", err);
    case INSTRUCTION_STOPSIGNAL:
        return set_text(step, "StopSignal", err);
    case INSTRUCTION_SHELL:
        config_set_list(config, "Shell", in->words);
        return 0;
    case INSTRUCTION_ONBUILD:
        config_add_to_list(config, "OnBuild", in->rest);
        return 0;
    case INSTRUCTION_MAINTAINER:
        config_set_author(config, in->rest);
        return 0;
    case INSTRUCTION_FROM:
    case INSTRUCTION_RUN:
    case INSTRUCTION_COPY:
    case INSTRUCTION_ADD:
    case INSTRUCTION_WORKDIR:
        break;
    }
    return err_set(err, EINVAL, "cannot be here");
}

int step_meta(struct step *step, struct err *err)
{
    struct state *state = step->state;
    int64_t created = config_created(state->config);
    char *material[] = {NULL, NULL, NULL};
    int rc = change(step, err);

    if (rc)
        return rc;
    /* The outcome is what later steps depend on: settings that are the same in the
     * end give the same keys. An ARG's value counts where RUN sees it. */
    material[0] = config_settings(state->config);
    material[1] = step->in->kind == INSTRUCTION_ARG ? step->in->text : NULL;
    state_next_key(state, material);
    free(material[0]);
    /* Time goes on by steps that do something, so that a build out of the cache
     * gives the image it gave before. */
    config_add_history(
        state->config, step->in->text,
        step->b->req->epoch >= 0 || !created ? builder_now(step->b) : created, NULL);
    return 0;
}
