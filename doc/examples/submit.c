/* SPDX-License-Identifier: Apache-2.0
 *
 * submit.c - submit a script and wait for its end; see doc/libberth.md
 *
 *     cc -o submit submit.c $(pkg-config --cflags --libs berth)
 */
#include <berth.h>
#include <stdio.h>

static int submit_and_wait(struct berth *berth, struct berth_err *err)
{
    static char name[] = "example", script[] = "#!/bin/sh\nexit 3\n", here[] = "/tmp";
    Berth__JobSpec spec = BERTH__JOB_SPEC__INIT;
    Berth__SubmitReply *reply;
    Berth__JobList *list;
    int rc;

    spec.name = name;
    spec.cwd = here;
    spec.umask = 022;
    spec.script.data = (uint8_t *)script;
    spec.script.len = sizeof(script) - 1;
    rc = berth_submit(berth, &spec, NULL, &reply, err);
    if (rc < 0)
        return rc;
    rc = berth_wait(berth, &reply->job_id, 1, false, -1, &list, err);
    berth_free(reply);
    if (rc < 0)
        return rc;
    printf("job %u: %s, exit code %d\n", list->jobs[0]->record->id,
           list->jobs[0]->state, list->jobs[0]->record->exit_code);
    berth_free(list);
    return 0;
}

int main(void)
{
    struct berth *berth;
    struct berth_err err;
    int rc = berth_open(NULL, &berth, &err);

    if (rc == 0) {
        rc = submit_and_wait(berth, &err);
        berth_close(berth);
    }
    if (rc < 0)
        fprintf(stderr, "%s\n", err.text);
    return rc < 0;
}
