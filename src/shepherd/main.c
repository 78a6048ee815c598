/* SPDX-License-Identifier: Apache-2.0
 *
 * main.c - berth-shepherd, started by berthd only: as the nursery of its shepherds, or
 * as a shepherd
 */
#include "shepherd/nursery.h"
#include "shepherd/shepherd.h"
#include "shepherd/wiring.h"

#include "base/log.h"
#include "cgroup/cgroup.h"
#include "container/seccomp_filter.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#define NODE_FD 3

/* What an assignment will need, while there is time. */
static void get_ready(void)
{
    const char *cgroup = getenv("BERTH_CGROUP_PLUGIN");
    const char *handle = getenv("BERTH_CGROUP_HANDLE");
    const struct seccomp_filter *filter;
    struct err err;

    wiring_preload(getenv("BERTH_TOPOLOGY_XML"));
    if (cgroup && handle)
        cgroup_join_early(cgroup, handle);
    /* The filter of system calls is compiled and kept. */
    if (seccomp_filter_default(&filter, &err))
        log_warn("%s", err.text);
    /* Loads what looks users up. */
    (void)getpwuid(0);
    /* All that the pool does here is to ask MUNGE, now and then: four threads
     * would take longer to start than its answer. */
    (void)setenv("UV_THREADPOOL_SIZE", "1", 1);
}

int main(int argc, char **argv)
{
    struct shepherd sh = {0};

    (void)argv;
    if (argc > 1 || fcntl(NODE_FD, F_SETFD, FD_CLOEXEC) < 0) {
        (void)fprintf(stderr, "berth-shepherd: started by berthd, not by hand; "
                              "see berthd(8)\n");
        return 2;
    }
    log_init("berth-shepherd", LOG_INFO);
    (void)signal(SIGPIPE, SIG_IGN);
    if (sodium_init() < 0)
        return 1;
    get_ready();
    if (nursery_is_asked(NODE_FD))
        nursery_serve(NODE_FD);
    /* The kernel has it as the number of a descriptor: berthd's program.c. */
    (void)prctl(PR_SET_NAME, "berth-shepherd");
    sh.loop = uv_default_loop();
    link_start(&sh, NODE_FD);
    return uv_run(sh.loop, UV_RUN_DEFAULT);
}
