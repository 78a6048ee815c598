/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_submit.c - berth submit: a batch script becomes a job
 */
#include "cli/command.h"

#include <errno.h>
#include <stdio.h>

#include "base/mem.h"
#include "cli/allocation.h"
#include "cli/cluster_link.h"
#include "cli/document.h"
#include "cli/submission.h"
#include "cli/test_only.h"
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
           "  berth submit -N2 --pod=database.yaml job.sh\n"
           "  berth submit --dry-run job.sh\n");
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

    if (link_open(args->config, &berth) < 0 ||
        link_check_cluster(berth, args->clusters, NULL) < 0)
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

static int submit(struct submission *sub, int argc, char **argv)
{
    int rc = submission_spell(sub, argc, argv);

    if (rc == -ECANCELED) {
        print_usage();
        return STATUS_OK;
    }
    if (rc < 0) {
        say_error("%s", sub->err.text);
        return rc == -ENOTSUP ? STATUS_FAILED : STATUS_USAGE;
    }
    if (submission_read(sub, argc, argv) < 0) {
        say_error("job submission failed: %s", sub->err.text);
        return STATUS_FAILED;
    }
    say_warnings(sub->args.warnings, sub->args.quiet);
    if (sub->args.dry_run)
        return submission_print(&sub->args);
    return sub->args.test_only ? test_only(&sub->args, allocation_says.refused)
                               : send(&sub->args);
}

int cmd_submit(int argc, char **argv)
{
    struct submission sub;
    int status;

    submission_init(&sub);
    status = submit(&sub, argc, argv);
    submission_fini(&sub);
    return status;
}
