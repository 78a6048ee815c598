/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_explain.c - berth explain: why a job waits, runs there, or has ended; what a
 * field of a manifest is
 */
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/batch_manifest.h"
#include "cli/cluster_link.h"
#include "cli/document.h"
#include "cli/explain_show.h"
#include "cli/pod_target.h"
#include "objects/explain.h"

struct explain_args {
    struct common common;
    struct object_scope scope;
    bool is_deep;
};

static const struct usage usage = {
    .synopsis = "berth explain [options] id...\n"
                "       berth explain [options] pod/NAME\n"
                "       berth explain [--recursive] KIND[.FIELD...]",
    .about =
        "Say why a job or a pod waits: what it lacks and who has it, when it will\n"
        "start, what it would get, and what would let it start sooner. Of a running\n"
        "job, why it runs where it runs; of an ended one, how it ended.\n"
        "\n"
        "Of a kind of manifests, or a field of one: what it is, what it may hold, and\n"
        "how Berth takes it. This needs no cluster.",
    .examples = "  berth explain 17\n"
                "  berth explain 17 --json | jq -r '.sooner[0].change'\n"
                "  berth explain pod/web\n"
                "  berth explain pod.spec.containers.livenessProbe\n"
                "  berth explain cronjob.spec --recursive\n"
                "  berth explain kinds\n",
};

static const struct opt opts[] = {
    {"recursive", 0, .set = opt_flag, .offset = offsetof(struct explain_args, is_deep),
     .help = "of a kind or field: the names and types of all below"},
    OPTS_NAMESPACE(struct explain_args, scope),
    OPTS_COMMON(struct explain_args, common),
    OPTS_END,
};

static int explain(struct berth *berth, uint32_t id, bool is_first,
                   const struct explain_args *args)
{
    cleanup(reply_freep) Berth__Explanation *explanation = NULL;
    struct berth_err err;

    if (berth_explain(berth, id, &explanation, &err) < 0) {
        say_error("%s", err.text);
        return STATUS_FAILED;
    }
    if (args->common.json) {
        document_print_json(explain_document(explanation), stdout);
        return STATUS_OK;
    }
    if (!is_first)
        putchar('\n');
    explain_show(explanation, stdout);
    return STATUS_OK;
}

static int explain_jobs(const struct explain_args *args, const uint32_t *ids, int n)
{
    cleanup(link_closep) struct berth *berth = NULL;
    int status = STATUS_OK;

    if (link_open(args->common.config, &berth) < 0)
        return STATUS_FAILED;
    for (int i = 0; i < n && status == STATUS_OK; i++)
        status = explain(berth, ids[i], i == 0, args);
    return status;
}

/* A pod is a job of the queue, once it has a number. */
static int explain_pod(const struct explain_args *args, const char *word)
{
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(pod_target_fini) struct pod_target target = {0};

    if (link_open(args->common.config, &berth) < 0 ||
        pod_target_find(berth, word, &args->scope, &target) < 0)
        return STATUS_FAILED;
    if (target.record->job_id)
        return explain(berth, target.record->job_id, true, args);
    say_error("pod %s is no job yet: see 'berth describe pod %s'", target.record->name,
              target.record->name);
    return STATUS_FAILED;
}

/* "pod.spec", of a kind that there is. */
static bool is_field(const char *word)
{
    cleanup(freep) char *kind = xstrndup(word, strcspn(word, ".["));

    return strcmp(word, "kinds") == 0 || strchr(word, '.') ||
           kind_by_name(batch_kind(), kind) != NULL;
}

static int explain_field(const struct explain_args *args, const char *word)
{
    struct err err;

    if (args->common.json) {
        say_error("--json: fields are explained in words");
        return STATUS_USAGE;
    }
    if (strcmp(word, "kinds") == 0) {
        explain_kinds(batch_kind(), stdout);
        return STATUS_OK;
    }
    if ((args->is_deep ? explain_tree : explain_path)(batch_kind(), word, stdout,
                                                      &err) == 0)
        return STATUS_OK;
    say_error("%s", err.text);
    return STATUS_FAILED;
}

static int explain_word(const struct explain_args *args, const char *word)
{
    if (!strchr(word, '/') && is_field(word))
        return explain_field(args, word);
    return explain_pod(args, word);
}

int cmd_explain(int argc, char **argv)
{
    struct explain_args args = {.common = {0}};
    cleanup(freep) uint32_t *ids = NULL;
    int next, status;

    status = command_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &next);
    if (status >= 0)
        return status;
    if (next == argc) {
        say_error("explain what? Give a job's number, a pod's name, or a field: "
                  "pod.spec.containers");
        return STATUS_USAGE;
    }
    if (pod_target_is_meant(argv[next])) {
        if (next + 1 == argc)
            return explain_word(&args, argv[next]);
        say_error("one pod or field at a time");
        return STATUS_USAGE;
    }
    if (parse_job_ids(argc - next, argv + next, &ids) < 0)
        return STATUS_USAGE;
    if (args.common.json && argc - next > 1) {
        say_error("--json: explains one job at a time");
        return STATUS_USAGE;
    }
    return explain_jobs(&args, ids, argc - next);
}
