/* SPDX-License-Identifier: Apache-2.0
 *
 * sbcast.c - copy a file to all nodes of an allocation
 *
 * The copy is a step of its own, one task on each node, which reads the file as its
 * input: so it goes down the step's tree in bounded blocks, and each node writes it as
 * the user, to where the job's tasks see it (receive.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"
#include "cli/cluster_link.h"
#include "cli/job_target.h"
#include "cli/receive.h"
#include "cli/run_step.h"
#include "cli/say.h"
#include "cli/step_signals.h"
#include "slurm/slurm.h"

struct bcast_args {
    struct slurm_common common;
    bool force, preserve, ignored;
    const char *job, *ignored_value;
};

#define MEMBER(m) offsetof(struct bcast_args, m)

static const struct slurm_usage usage = {
    .synopsis = "sbcast [options] source destination",
    .about = "Copy a file to all nodes of the job we are in (or --jobid), where its "
             "tasks see it:\n/tmp, the home directory, what is mounted.",
};

/* Blocks, widths and packing are the tree's own affair. */
#define TAKEN(name_, letter_, arg_, member_)                                         \
    {                                                                                \
        .name = name_, .letter = letter_, .arg = arg_, .meta = "X",                  \
        .set = (arg_) == OPT_NONE ? opt_flag : opt_string, .offset = MEMBER(member_) \
    }

static int set_send_libs(const struct opt *opt, const char *value, void *ctx,
                         struct err *err)
{
    (void)opt;
    (void)ctx;
    if (value && strcmp(value, "no") == 0)
        return 0;
    return err_set(err, ENOTSUP, "copy the libraries one by one, or use an image");
}

static const struct opt opts[] = {
    {.name = "force",
     .letter = 'f',
     .set = opt_flag,
     .offset = MEMBER(force),
     .help = "replace a file that is there"},
    {.name = "preserve",
     .letter = 'p',
     .set = opt_flag,
     .offset = MEMBER(preserve),
     .help = "keep its permissions and times"},
    {.name = "jobid",
     .letter = 'j',
     .arg = OPT_NEEDED,
     .meta = "JOB",
     .set = opt_string,
     .offset = MEMBER(job),
     .help = "to the nodes of this job, which runs"},
    TAKEN("compress", 'C', OPT_OPTIONAL, ignored_value),
    TAKEN("size", 's', OPT_NEEDED, ignored_value),
    TAKEN("fanout", 'F', OPT_NEEDED, ignored_value),
    TAKEN("exclude", 0, OPT_NEEDED, ignored_value),
    {.name = "send-libs", .arg = OPT_OPTIONAL, .meta = "yes|no", .set = set_send_libs},
    TAKEN("timeout", 't', OPT_NEEDED, ignored_value),
    SLURM_OPTS(struct bcast_args, common, 'h'),
    OPTS_END,
};

/* The file: what its receivers must know of it. */
struct source {
    const char *path;
    struct stat st;
    uint64_t sum;
};

static int read_source(struct source *source)
{
    cleanup(closep) int fd = open(source->path, O_RDONLY | O_CLOEXEC);
    char bytes[1 << 16];
    ssize_t n;

    if (fd < 0 || fstat(fd, &source->st) < 0) {
        say_error("Can't open `%s`: %s", source->path, strerror(errno));
        return -1;
    }
    if (!S_ISREG(source->st.st_mode)) {
        say_error("Can't open `%s`: it is not a regular file", source->path);
        return -1;
    }
    source->sum = RECEIVE_SUM;
    while ((n = read(fd, bytes, sizeof(bytes))) > 0)
        source->sum = receive_sum(source->sum, bytes, (size_t)n);
    if (n < 0)
        say_error("Can't read `%s`: %s", source->path, strerror(errno));
    return n < 0 ? -1 : 0;
}

/* "dir/" takes the file's own name. */
static char *target_of(const struct source *source, const char *to)
{
    const char *slash = strrchr(source->path, '/');
    size_t len = strlen(to);

    if (len == 0 || to[len - 1] != '/')
        return xstrdup(to);
    return xasprintf("%s%s", to, slash ? slash + 1 : source->path);
}

static char **receiver(const struct bcast_args *args, const struct source *source,
                       const char *to)
{
    mode_t mode = args->preserve ? source->st.st_mode & 07777 : 0700;
    char **argv = NULL;

    strv_add(&argv, "berth");
    strv_add(&argv, ".receive");
    strv_take(&argv, target_of(source, to));
    strv_take(&argv, xasprintf("%" PRId64, (int64_t)source->st.st_size));
    strv_take(&argv, xasprintf("%" PRIx64, source->sum));
    strv_take(&argv, xasprintf("%o", (unsigned int)mode));
    strv_take(&argv,
              xasprintf("%" PRId64, args->preserve ? (int64_t)source->st.st_mtime : 0));
    strv_add(&argv, args->force ? "force" : "keep");
    return argv;
}

/* One task on each of the nodes, beside whatever runs there. */
static void fill_step(struct job_args *step, uint32_t n_nodes, const char *path)
{
    step->spec->nodes_min = step->spec->nodes_max = n_nodes;
    step->spec->tasks = n_nodes;
    step->spec->tasks_per_node = 1;
    step->overlap = true;
    str_replace(&step->mpi, "none");
    spec_take_string(&step->spec->input, xstrdup(path));
    spec_take_string(&step->spec->name, xstrdup("sbcast"));
}

static int send_elsewhere(struct job_args *step, const struct bcast_args *args,
                          const char *path, char *const *argv)
{
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(reply_freep) Berth__JobList *list = NULL;
    cleanup(job_target_fini) struct job_target target = {0};
    struct berth_steps *lead;
    int signal_fd, status;

    if (job_target_parse(args->job, &target) < 0 || slurm_open(&berth) < 0 ||
        job_target_find(berth, &target, &list) < 0 ||
        job_target_call_lead(berth, list->jobs[0], &lead) < 0)
        return SLURM_FAILED;
    fill_step(step, (uint32_t)list->jobs[0]->record->placement->n_shares, path);
    signal_fd = step_signals_open(false);
    status = run_step_on(lead, step, true, target.id, signal_fd, argv);
    berth_steps_close(lead);
    closep(&signal_fd);
    return status;
}

static int bcast(const struct bcast_args *args, const char *from, const char *to)
{
    const char *lead = getenv("BERTH_LEAD"), *nodes = getenv("SLURM_JOB_NUM_NODES");
    cleanup(strv_freep) char **argv = NULL;
    struct source source = {.path = from};
    struct job_args step;
    int64_t n;
    int status;

    if (!args->job &&
        (!lead || number_parse(nodes ? nodes : "", 1, UINT32_MAX, &n, NULL))) {
        say_error("Need a job id to run this command.  Run from within a job or use "
                  "the --jobid option.");
        return SLURM_FAILED;
    }
    if (read_source(&source) < 0)
        return SLURM_FAILED;
    argv = receiver(args, &source, to);
    job_args_init(&step, time(NULL));
    if (args->job) {
        status = send_elsewhere(&step, args, from, argv);
    } else {
        fill_step(&step, (uint32_t)n, from);
        status = run_step_in_job(&step, lead, argv);
    }
    job_args_fini(&step);
    return status ? SLURM_FAILED : SLURM_OK;
}

int slurm_sbcast(int argc, char **argv)
{
    struct bcast_args args = {.force = false};
    int next, status;

    status = slurm_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &args.common,
                         &next);
    if (status >= 0)
        return status;
    if (next + 2 != argc)
        return slurm_bad_usage("Need two file names: source and "
                               "destination");
    return bcast(&args, argv[next], argv[next + 1]);
}
