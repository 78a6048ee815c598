/* SPDX-License-Identifier: Apache-2.0
 *
 * sbatch.c - queue a batch script, answered as Slurm's clients expect
 */
#include <errno.h>
#include <stdio.h>

#include "base/mem.h"
#include "cli/cluster_link.h"
#include "cli/say.h"
#include "cli/submission.h"
#include "cli/test_only.h"
#include "slurm/errors.h"
#include "slurm/job_end.h"
#include "slurm/slurm.h"

static const struct slurm_usage usage = {
    .synopsis = "sbatch [options] [script [argument...]]",
    .about = "Queue a batch script: a file, stdin, or --wrap COMMAND. Lines '#SBATCH "
             "OPTION...' at\nits top are options; the environment (SBATCH_...) "
             "overrides them, and the command\nline both.",
};

static void print_submitted(const struct job_args *args, uint32_t job,
                            const char *cluster)
{
    if (args->parsable)
        printf("%u%s%s\n", job, cluster ? ";" : "", cluster ? cluster : "");
    else if (!args->quiet)
        printf("Submitted batch job %u%s%s\n", job, cluster ? " on cluster " : "",
               cluster ? cluster : "");
    fflush(stdout);
}

static int refuse(int code, const char *text)
{
    cleanup(freep) char *words = slurm_error_words(code, text);

    say_error("Batch job submission failed: %s", words);
    return slurm_failure();
}

static int refused_trial(int code, const char *text)
{
    cleanup(freep) char *words = slurm_error_words(code, text);

    say_error("allocation failure: %s", words);
    return slurm_failure();
}

static int wait_for_end(struct berth *berth, uint32_t job)
{
    cleanup(reply_freep) Berth__JobList *list = NULL;
    struct berth_err err;

    if (berth_wait(berth, &job, 1, false, -1, &list, &err) < 0) {
        say_error("%s", err.text);
        return slurm_failure();
    }
    return slurm_worst_status(list);
}

static int send(struct submission *sub)
{
    const struct job_args *args = &sub->args;
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(reply_freep) Berth__SubmitReply *reply = NULL;
    cleanup(freep) char *cluster = NULL;
    struct berth_err err;

    if (slurm_open(&berth) < 0 || slurm_cluster(berth, args->clusters, &cluster) < 0)
        return slurm_failure();
    if (berth_submit(berth, args->spec, args->key, &reply, &err) < 0)
        return refuse(err.code, err.text);
    for (size_t i = 0; i < reply->n_warnings; i++)
        say_warning("%s", reply->warnings[i]);
    print_submitted(args, reply->job_id, cluster);
    return args->wait ? wait_for_end(berth, reply->job_id) : SLURM_OK;
}

static int submit(struct submission *sub, int argc, char **argv)
{
    int rc = submission_spell(sub, argc, argv);

    if (rc == -ECANCELED)
        return slurm_show(sub->args.show, &usage, job_options, FOR_SUBMIT);
    if (rc < 0)
        return slurm_bad_usage(sub->err.text);
    rc = submission_read(sub, argc, argv);
    if (rc < 0) {
        say_error("%s", sub->err.text);
        return slurm_failure();
    }
    say_warnings(sub->args.warnings, sub->args.quiet);
    if (sub->args.dry_run)
        return submission_print(&sub->args);
    return sub->args.test_only ? test_only(&sub->args, refused_trial) : send(sub);
}

int slurm_sbatch(int argc, char **argv)
{
    struct submission sub;
    int status;

    submission_init(&sub);
    sub.default_name = "sbatch";
    status = submit(&sub, argc, argv);
    submission_fini(&sub);
    return status;
}
