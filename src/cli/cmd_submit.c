/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_submit.c - berth submit: a batch script becomes a job
 */
#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "cli/cluster_link.h"
#include "options/components.h"
#include "options/directives.h"
#include "cli/document.h"
#include "cli/image_ref.h"
#include "options/job_env.h"
#include "options/script.h"
#include "options/inherit.h"
#include "cli/wait_job.h"

static void print_usage(void)
{
    printf("Usage: berth submit [options] [script [argument...]]\n"
           "       berth submit [options] --wrap COMMAND\n\n"
           "Queue a batch script. Lines '#BERTH OPTION...' and '#SBATCH OPTION...' at\n"
           "its top are read as options; the command line overrides them.\n"
           "\nOptions:\n");
    opts_print(job_options, FOR_SUBMIT, stdout);
    printf("\nExamples:\n"
           "  berth submit job.sh\n"
           "  berth submit -N4 -n16 -t 30 --image hpcc job.sh input.dat\n"
           "  berth submit -n8 --wrap 'berth run ./solver'\n"
           "  berth submit -a 0-99%%10 --wrap './one $SLURM_ARRAY_TASK_ID'\n"
           "  berth submit -d afterok:17 --gpus-per-node=2 -C 'a100|h100' job.sh\n"
           "  berth submit -n1 --mem=64G : -n32 job.sh\n"
           "  berth submit --dry-run job.sh\n");
}

struct submission {
    struct job_args args;
    struct err err;
    char *script;
    size_t script_len;
    int next; /* first operand in argv */
};

/* Find the operands: parse once for the sake of the spelling. */
static int find_operands(struct submission *sub, int argc, char **argv)
{
    struct job_args scratch;
    int rc;

    job_args_init(&scratch, sub->args.now);
    rc = components_parse(FOR_SUBMIT, argc, argv, &scratch, &sub->next, &sub->err);
    str_replace(&sub->args.wrap, scratch.wrap);
    sub->args.quiet = scratch.quiet;
    job_args_fini(&scratch);
    return rc;
}

static int read_script(struct submission *sub, int argc, char **argv)
{
    const char *path = sub->next < argc ? argv[sub->next] : NULL;

    if (sub->args.wrap && path)
        return err_set(&sub->err, EINVAL, "--wrap and a script (%s) exclude each other",
                       path);
    if (sub->args.wrap) {
        sub->script = script_wrap(sub->args.wrap, &sub->script_len);
        return 0;
    }
    if (!path && isatty(STDIN_FILENO))
        say_info("reading the batch script from the terminal; Ctrl-D ends it");
    return script_read(path, &sub->script, &sub->script_len, &sub->err);
}

/* From the weakest source to the strongest. */
static int read_options(struct submission *sub, int argc, char **argv)
{
    struct job_args *args = &sub->args;
    int rc = directives_read(sub->script, sub->script_len, args, &sub->err);

    if (rc < 0)
        return err_wrap(&sub->err, "%s",
                        sub->next < argc ? argv[sub->next] : "the script");
    rc = job_env_read(environ, FOR_SUBMIT, false, args, &sub->err);
    if (rc < 0)
        return rc;
    rc = components_parse(FOR_SUBMIT, argc, argv, args, &sub->next, &sub->err);
    return rc < 0 ? rc : components_join(args, &sub->err);
}

static int complete(struct submission *sub, int argc, char **argv)
{
    bool has_path = sub->next < argc;
    struct spec_source source = {
        .env = environ,
        .command = say_name(),
        .argv = argv,
        .script = sub->script,
        .script_len = sub->script_len,
        .script_name = sub->args.wrap ? "wrap"
                       : has_path     ? argv[sub->next]
                                      : NULL,
        .args = has_path ? argv + sub->next + 1 : NULL,
    };
    int rc = image_ref_resolve(sub->args.config, sub->args.spec->container, &sub->err);

    if (rc == -ENODATA && sub->args.dry_run)
        rc = 0;
    return rc < 0 ? rc : spec_complete(&sub->args, &source, &sub->err);
}

static void print_submitted(const struct job_args *args,
                            const Berth__SubmitReply *reply)
{
    if (args->json)
        document_print_json(document_of(&reply->base, false), stdout);
    else if (args->parsable)
        printf("%u\n", reply->job_id);
    else if (!args->quiet)
        printf("Submitted batch job %u\n", reply->job_id);
    fflush(stdout);
}

static int send(const struct job_args *args)
{
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(reply_freep) Berth__SubmitReply *reply = NULL;
    struct berth_err err;

    if (link_open(args->config, &berth) < 0)
        return STATUS_FAILED;
    if (berth_submit(berth, args->spec, args->key, &reply, &err) < 0) {
        say_error("job submission failed: %s", err.text);
        return STATUS_FAILED;
    }
    for (size_t i = 0; i < reply->n_warnings; i++)
        say_warning("%s", reply->warnings[i]);
    print_submitted(args, reply);
    return args->wait ? wait_for_end(berth, &reply->job_id, 1) : STATUS_OK;
}

static int dry_run(const struct job_args *args)
{
    json_t *doc = document_of(&args->spec->base, true);
    cleanup(freep) char *mask = xasprintf("%04o", args->spec->umask);

    json_object_set_new(doc, "umask", json_string(mask));

    if (args->json)
        document_print_json(doc, stdout);
    else if (document_print_yaml(doc, stdout) < 0)
        return STATUS_FAILED;
    return STATUS_OK;
}

static int submit(struct submission *sub, int argc, char **argv)
{
    int rc = find_operands(sub, argc, argv);

    if (rc == -ECANCELED) {
        print_usage();
        return STATUS_OK;
    }
    if (rc < 0) {
        say_error("%s", sub->err.text);
        return rc == -ENOTSUP ? STATUS_FAILED : STATUS_USAGE;
    }
    rc = read_script(sub, argc, argv);
    if (rc == 0)
        rc = read_options(sub, argc, argv);
    if (rc == 0)
        rc = complete(sub, argc, argv);
    if (rc < 0) {
        say_error("job submission failed: %s", sub->err.text);
        return STATUS_FAILED;
    }
    say_warnings(sub->args.warnings, sub->args.quiet);
    return sub->args.dry_run ? dry_run(&sub->args) : send(&sub->args);
}

int cmd_submit(int argc, char **argv)
{
    struct submission sub = {.script = NULL};
    int status;

    job_args_init(&sub.args, time(NULL));
    status = submit(&sub, argc, argv);
    free(sub.script);
    job_args_fini(&sub.args);
    return status;
}
