/* SPDX-License-Identifier: Apache-2.0
 *
 * step_streams.c - which streams of a step's tasks are its nodes' business
 *
 * One file for all tasks is the client's, and so are its own streams; files of single
 * tasks or nodes are written and read there. What nobody wants is not even sent.
 */
#include "cli/step_streams.h"

#include <errno.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/tty.h"
#include "wire/stream_choice.h"

static bool is_for_nodes(const char *text)
{
    uint32_t task;
    enum stream_choice choice = stream_choose(text, &task);

    return choice == STREAM_NONE || choice == STREAM_ONE || choice == STREAM_FILES;
}

static bool is_files(const char *text)
{
    uint32_t task;

    return stream_choose(text, &task) == STREAM_FILES;
}

static int ask_terminal(const Berth__JobSpec *job, Berth__StepSpec *spec,
                        struct err *err)
{
    if (is_files(job->output) || is_files(job->error) || is_files(job->input))
        return err_set(err, EINVAL,
                       "--pty: the terminal has all streams of task 0, and the other "
                       "tasks have none: no files of single tasks");
    spec->terminal = xcalloc(1, sizeof(*spec->terminal));
    berth__window_size__init(spec->terminal);
    tty_size(STDIN_FILENO, &spec->terminal->rows, &spec->terminal->columns);
    return 0;
}

int step_streams_ask(const struct job_args *args, Berth__StepSpec *spec,
                     struct err *err)
{
    const Berth__JobSpec *job = args->spec;
    const char *error = job->error[0] ? job->error : job->output;

    if (args->pty)
        return ask_terminal(job, spec, err);
    if (is_for_nodes(job->output))
        spec_take_string(&spec->output, xstrdup(job->output));
    /* "": where the output goes, and that may be the nodes' while this is not. */
    if (is_for_nodes(error) || is_for_nodes(job->output))
        spec_take_string(&spec->error, xstrdup(is_for_nodes(error) ? error : "all"));
    if (is_files(job->input))
        spec_take_string(&spec->input, xstrdup(job->input));
    spec->input_to_one = stream_choose(job->input, &spec->input_task) == STREAM_ONE;
    spec->append = job->append;
    spec->label = args->label && (is_files(job->output) || is_files(error));
    return 0;
}
