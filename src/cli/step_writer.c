/* SPDX-License-Identifier: Apache-2.0
 *
 * step_writer.c - the client of a step that nobody waits for: it writes its files
 */
#include "cli/step_writer.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/units.h"
#include "cli/say.h"
#include "cli/step_session.h"

/* Without a file of its own it reads nothing. */
static void fill(char **argv, struct job_args *args)
{
    Berth__JobSpec *spec = args->spec;

    spec_take_string(&spec->output, xstrdup(argv[4]));
    if (argv[5][0])
        spec_take_string(&spec->error, xstrdup(argv[5]));
    spec_take_string(&spec->input, xstrdup(argv[6][0] ? argv[6] : "none"));
    spec_take_string(&spec->name, xstrdup(argv[9]));
    spec->append = strcmp(argv[7], "append") == 0;
    args->label = strcmp(argv[8], "label") == 0;
}

static int serve(const struct job_args *args, uint32_t job, uint32_t step)
{
    const char *lead = getenv("BERTH_LEAD");
    struct step_options options = {.args = args,
                                   .job = job,
                                   .signal_fd = -1,
                                   .adopts = true,
                                   .attach_to = step,
                                   .has_stdin = true};
    struct berth_steps *steps;
    struct berth_err err;
    int status;

    if (!lead || berth_steps_connect_lead(lead, &steps, &err) < 0)
        return 1;
    status = step_session_run(steps, NULL, &options);
    berth_steps_close(steps);
    return status;
}

int step_writer(char **argv)
{
    int64_t job, step;
    struct job_args args;
    int status;

    say_set_name("berth run");
    if (number_parse(argv[2], 1, UINT32_MAX, &job, NULL) < 0 ||
        number_parse(argv[3], 0, UINT32_MAX - 1, &step, NULL) < 0)
        return 2;
    job_args_init(&args, 0);
    fill(argv, &args);
    status = serve(&args, (uint32_t)job, (uint32_t)step);
    job_args_fini(&args);
    return status;
}
