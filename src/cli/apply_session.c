/* SPDX-License-Identifier: Apache-2.0
 *
 * apply_session.c - objects judged here and given to the cluster, as options say
 */
#include "cli/apply_session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/batch_manifest.h"
#include "cli/cluster_link.h"
#include "cli/demand_table.h"
#include "cli/object_columns.h"
#include "cli/table.h"
#include "manifest/write.h"
#include "objects/manifest.h"

/* -------------------------------------------------------------------- options */

int apply_session_set_dry_run(const struct opt *opt, const char *value, void *ctx,
                              struct err *err)
{
    struct apply_session *session = ctx;

    (void)opt;
    session->dry_run = DRY_HERE;
    if (value && strcmp(value, "server") == 0)
        session->dry_run = DRY_THERE;
    else if (value && strcmp(value, "none") == 0)
        session->dry_run = DRY_NOT;
    else if (value && strcmp(value, "client") != 0)
        return err_set(err, EINVAL, "'%s' is not client, server or none", value);
    return 0;
}

int apply_session_set_output(const struct opt *opt, const char *value, void *ctx,
                             struct err *err)
{
    static const char *const words[] = {"", "yaml", "json", "name", "wide", NULL};
    struct apply_session *session = ctx;
    unsigned int word = schema_word(words, value);

    (void)opt;
    if (word < 2)
        return err_set(err, EINVAL, "'%s' is not yaml, json, name or wide", value);
    session->output = (enum apply_output)(word - 1);
    return 0;
}

int apply_session_set_selector(const struct opt *opt, const char *value, void *ctx,
                               struct err *err)
{
    struct apply_session *session = ctx;

    (void)opt;
    label_spec_fini(&session->selector);
    return label_spec_parse(value, &session->selector, err);
}

/* ------------------------------------------------------------------- judging */

static void tell(const struct apply_session *session, const char *file,
                 const struct report *report)
{
    size_t n = report->n_errors + report->n_warnings;

    for (size_t i = 0; i < report->n; i++) {
        const struct problem *problem = &report->problems[i];
        cleanup(freep) char *text = problem_format(problem, file);

        if (problem->is_error)
            say_error("%s", text);
        else if (!session->is_quiet)
            say_warning("%s", text);
    }
    if (n > report->n)
        say_error("%s: and %zu more", file, n - report->n);
}

static int show(struct apply_session *session, const char *name,
                const struct mf_object *object)
{
    int rc = 0;

    switch (session->output) {
    case APPLY_LINES:
        printf("%s %s (dry run)\n", name, session->word);
        break;
    case APPLY_NAME:
        puts(name);
        break;
    case APPLY_WIDE:
        if (!session->table)
            session->table = demand_table_create();
        demand_table_add(session->table, name, object);
        break;
    case APPLY_YAML:
        printf(session->n_shown ? "---\n" : "");
        rc = node_write_yaml(object->root, stdout);
        break;
    case APPLY_JSON:
        fputs(session->n_shown ? ",\n        "
                               : "{\n    \"apiVersion\": \"v1\",\n"
                                 "    \"kind\": \"List\",\n"
                                 "    \"items\": [\n        ",
              stdout);
        node_write_json(object->root, 2, stdout);
        break;
    }
    session->n_shown++;
    return rc;
}

/* What is to be made with a name that is given out has none yet. */
static char *full_name(const struct mf_object *object)
{
    const char *prefix =
        object->name ? object->name
                     : node_string(node_get(object->root, "metadata"), "generateName");

    return object_name_in(object->kind->api, object->kind->name, prefix ? prefix : "");
}

static int take_object(struct apply_session *session, const char *file,
                       const struct mf_object *object)
{
    cleanup(freep) char *name = NULL;
    struct err err;

    if (!label_spec_holds(&session->selector, object_label, object))
        return STATUS_OK;
    tell(session, file, &object->report);
    if (object->report.n_errors) {
        session->n_refused++;
        return STATUS_FAILED;
    }
    session->n_taken++;
    name = full_name(object);
    if (session->dry_run == DRY_HERE)
        return show(session, name, object) < 0 ? STATUS_FAILED : STATUS_OK;
    if (apply_batch_add(&session->batch, session->common.config, file, name, object,
                        &err)) {
        say_error("%s: %s: %s", file, name, err.text);
        return STATUS_FAILED;
    }
    return STATUS_OK;
}

int apply_session_take(struct apply_session *session, const char *name,
                       const char *text, size_t len)
{
    struct manifest_rules rules = {.name_space = session->name_space,
                                   .has_to_match = session->name_space,
                                   .extra = batch_kind()};
    struct manifest manifest;
    int status = STATUS_OK;
    struct err err;

    if (session->common.json)
        session->output = APPLY_JSON;
    if (manifest_read(name, text, len, &rules, &manifest, &err) < 0) {
        say_error("%s", err.text);
        return STATUS_FAILED;
    }
    for (size_t i = 0; i < manifest.n; i++)
        if (take_object(session, name, &manifest.objects[i]) != STATUS_OK)
            status = STATUS_FAILED;
    session->manifests = xrealloc(session->manifests, session->n_manifests + 1,
                                  sizeof(*session->manifests));
    session->manifests[session->n_manifests++] = manifest;
    return status;
}

/* ---------------------------------------------------------------------- giving */

static int send_all(struct apply_session *session)
{
    const struct apply_wish wish = {.verb = session->verb,
                                    .is_dry = session->dry_run == DRY_THERE,
                                    .is_quiet = session->is_quiet,
                                    .name_space = session->name_space,
                                    .output = session->output};
    cleanup(link_closep) struct berth *berth = NULL;

    if (link_open(session->common.config, &berth) < 0)
        return STATUS_FAILED;
    return apply_batch_send(&session->batch, berth, &wish);
}

int apply_session_end(struct apply_session *session)
{
    if (session->n_shown && session->output == APPLY_WIDE)
        table_print(session->table, true, table_terminal_width(stdout), stdout);
    if (session->n_shown && session->output == APPLY_JSON)
        fputs("\n    ]\n}\n", stdout);
    return session->batch.n ? send_all(session) : STATUS_OK;
}

void apply_session_fini(struct apply_session *session)
{
    apply_batch_fini(&session->batch);
    for (size_t i = 0; i < session->n_manifests; i++)
        manifest_fini(&session->manifests[i]);
    free(session->manifests);
    table_destroy(session->table);
    label_spec_fini(&session->selector);
}
