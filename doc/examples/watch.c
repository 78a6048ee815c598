/* SPDX-License-Identifier: Apache-2.0
 *
 * watch.c - print each change of a job as it comes; see doc/libberth.md
 *
 *     cc -o watch watch.c $(pkg-config --cflags --libs berth)
 */
#include <berth.h>
#include <stdio.h>

static int print_changes(struct berth_watch *watch, struct berth_err *err)
{
    const Berth__Event *event;
    int rc;

    while ((rc = berth_watch_next(watch, -1, &event, err)) == 0) {
        printf("%llu %u %s\n", (unsigned long long)event->revision,
               event->job->record->id, event->job->state);
        fflush(stdout);
    }
    return rc;
}

int main(void)
{
    Berth__WatchRequest request = BERTH__WATCH_REQUEST__INIT;
    struct berth_watch *watch = NULL;
    struct berth *berth;
    struct berth_err err;
    int rc = berth_open(NULL, &berth, &err);

    request.from_now = 1;
    if (rc == 0)
        rc = berth_watch_open(berth, &request, &watch, &err);
    if (rc == 0) {
        printf("watching after revision %llu\n",
               (unsigned long long)berth_watch_revision(watch));
        fflush(stdout);
        rc = print_changes(watch, &err);
    }
    fprintf(stderr, "%s\n", err.text);
    berth_watch_close(watch);
    return rc < 0;
}
