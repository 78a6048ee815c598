/* SPDX-License-Identifier: Apache-2.0
 *
 * logs.c - what the job's script wrote, shown to who asks
 *
 * The script writes straight into its files, so nothing here is in its way: a process
 * of its own, the job's user like us, reads the file. A file that hangs, hangs it
 * alone.
 */
#include "shepherd/lead.h"

#include "base/mem.h"
#include "shepherd/box.h"
#include "shepherd/marks.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#define LOOK_MS 1000

struct logs {
    int fds[2]; /* of output and errors */
    struct marks marks[2];
    uv_timer_t timer;
};

static void look(uv_timer_t *timer)
{
    struct logs *logs = timer->data;
    struct stat st;

    for (int i = 0; i < 2; i++)
        if (fstat(logs->fds[i], &st) == 0)
            marks_add(&logs->marks[i], time(NULL), st.st_size);
}

void logs_watch(struct lead *lead, const int fds[2])
{
    struct logs *logs = xcalloc(1, sizeof(*logs));

    for (int i = 0; i < 2; i++)
        logs->fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 0);
    (void)uv_timer_init(lead->sh->loop, &logs->timer);
    logs->timer.data = logs;
    look(&logs->timer);
    (void)uv_timer_start(&logs->timer, look, LOOK_MS, LOOK_MS);
    lead->logs = logs;
}

void logs_request(struct lead *lead, struct channel *ch, const Berth__Envelope *env)
{
    const Berth__LogRequest *request = env->log;
    cleanup(freep) char *path = NULL;
    char tool[4096], tail[32], offset[32];
    struct err err;

    if (lead->spec->script.len == 0) {
        (void)err_set(&err, ENOENT, "an interactive job has no output file");
        guests_refuse(ch, env, &err);
        return;
    }
    if (!lead->logs || lead->guests.is_over) {
        (void)err_set(&err, EAGAIN, "the script does not run");
        guests_refuse(ch, env, &err);
        return;
    }
    path = batch_log_path(lead, request->is_error);
    (void)snprintf(tool, sizeof(tool), "%s/berth", box_tools_dir());
    (void)snprintf(tail, sizeof(tail), "%" PRId64, request->tail);
    (void)snprintf(offset, sizeof(offset), "%" PRId64,
                   request->since ? marks_offset(&lead->logs->marks[request->is_error],
                                                 request->since)
                                  : 0);
    guests_run_outside(&lead->guests, ch, env,
                       (char *[]){tool, (char[]){".log"}, tail, offset,
                                  request->follow ? (char[]){"follow"} : (char[]){""},
                                  path, NULL});
}
