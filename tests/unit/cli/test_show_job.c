/* SPDX-License-Identifier: Apache-2.0
 *
 * test_show_job.c - what a person reads about a job, to the letter
 */
#include "cli/show_job.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char *shown(Berth__JobSpec *spec)
{
    static char pending[] = "PENDING", reason[] = "Dependency";
    Berth__JobRecord record = BERTH__JOB_RECORD__INIT;
    Berth__JobInfo info = BERTH__JOB_INFO__INIT;
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    record.id = 17;
    record.submit_time = 1700000000;
    info.record = &record;
    info.spec = spec;
    info.state = pending;
    info.reason = reason;
    info.time_limit = 3600;
    show_job(&info, 1700000100, out);
    fclose(out);
    return text;
}

static void a_job_shows_all_it_asked_for(void **state)
{
    static char name[] = "solve", array[] = "0-99%4", after[] = "afterok:12,singleton";
    static char features[] = "[a|b]&!c", gres[] = "nvme:100", gpus[] = "a100:2";
    static char licences[] = "matlab:2", switches[] = "2@01:00:00", yes[] = "yes";
    static char room[] = "course";
    Berth__JobSpec spec = BERTH__JOB_SPEC__INIT;
    char *text;

    (void)state;
    spec.name = name;
    spec.nodes_min = 2;
    spec.nodes_max = 4;
    spec.tasks = 16;
    spec.tasks_per_socket = 4;
    spec.cpus_per_gpu = 8;
    spec.mem_per_gpu = 16384;
    spec.gpus_per_node = gpus;
    spec.gres = gres;
    spec.exclusive_user = 1;
    spec.constraint = features;
    spec.switches = switches;
    spec.contiguous = 1;
    spec.licences = licences;
    spec.reservation = room;
    spec.array = array;
    spec.dependency = after;
    spec.deadline = 1700086400;
    spec.time_min = 600;
    spec.requeue = yes;
    text = shown(&spec);
    assert_string_equal(
        text, "Job 17: PENDING (Dependency)\n"
              "  name         solve\n"
              "  user         0\n"
              "  submitted    2023-11-14T22:13:20\n"
              "  started      Unknown\n"
              "  ended        Unknown\n"
              "  elapsed      00:00:00\n"
              "  time limit   01:00:00\n"
              "  priority     0\n"
              "  asked for    nodes 2-4, tasks 16, tasks a socket 4, cores a GPU 8, "
              "memory a GPU 16384 MiB, GPUs a node a100:2, on each node nvme:100, "
              "nodes of this user's jobs only\n"
              "  constraint   [a|b]&!c\n"
              "  switches     2@01:00:00\n"
              "  contiguous   yes\n"
              "  licences     matlab:2\n"
              "  reservation  course\n"
              "  array        0-99%4\n"
              "  dependency   afterok:12,singleton\n"
              "  deadline     2023-11-15T22:13:20\n"
              "  time min     00:10:00\n"
              "  requeue      yes\n");
    free(text);
}

static void each_component_has_its_lines(void **state)
{
    static char far[] = "far", gres[] = "gpu:1";
    Berth__JobComponent second = BERTH__JOB_COMPONENT__INIT;
    Berth__JobComponent third = BERTH__JOB_COMPONENT__INIT;
    Berth__JobComponent *parts[] = {&second, &third};
    Berth__JobSpec spec = BERTH__JOB_SPEC__INIT;
    char *text;

    (void)state;
    spec.tasks = 1;
    second.tasks = 8;
    second.gres = gres;
    second.partition = far;
    spec.components = parts;
    spec.n_components = 2;
    text = shown(&spec);
    assert_non_null(strstr(text, "  asked for    tasks 1\n"
                                 "  component 1  tasks 8, on each node gpu:1\n"
                                 "    partition  far\n"
                                 "  component 2  one task\n"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_shows_all_it_asked_for),
        cmocka_unit_test(each_component_has_its_lines),
    };

    setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
