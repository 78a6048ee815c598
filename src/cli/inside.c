/* SPDX-License-Identifier: Apache-2.0
 *
 * inside.c - what Berth's own program does inside of jobs for commands outside
 */
#include "cli/inside.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/follow.h"
#include "base/mem.h"
#include "base/units.h"
#include "cli/empty_volume.h"
#include "cli/pod_log_show.h"
#include "cli/receive.h"
#include "cli/say.h"
#include "cli/step_writer.h"
#include "cli/tar_tree.h"
#include "cli/task_hooks.h"

/* .log TAIL OFFSET [follow] PATH; stdin ends with the job. */
static int show_log(char **argv)
{
    struct follow how = {.until = STDIN_FILENO};
    struct err err = {0};
    int rc;

    say_set_name("berth logs");
    how.wants_more = strcmp(argv[4], "follow") == 0;
    if (number_parse(argv[2], -1, INT64_MAX, &how.tail, &err) < 0 ||
        number_parse(argv[3], 0, INT64_MAX, &how.offset, &err) < 0) {
        say_error("%s", err.text);
        return 2;
    }
    rc = follow_file(argv[5], &how, STDOUT_FILENO, &err);
    if (rc < 0 && rc != -EPIPE)
        say_error("%s", err.text);
    return rc < 0;
}

/* .podlog DIR CONTAINER BACK TAIL SINCE LIMIT [t][f]; stdin ends with the container's
 * run. BACK is 1 for the run before the last. */
static int show_pod_log(char **argv)
{
    struct pod_log_query query = {.until = -1};
    struct err err = {0};
    cleanup(freep) char *path = NULL;
    int64_t limit = 0, back = 0;
    int rc;

    say_set_name("berth logs");
    if (number_parse(argv[4], 0, 1, &back, &err) < 0 ||
        number_parse(argv[5], -1, INT64_MAX, &query.tail, &err) < 0 ||
        number_parse(argv[6], 0, INT64_MAX, &query.since, &err) < 0 ||
        number_parse(argv[7], 0, INT64_MAX, &limit, &err) < 0) {
        say_error("%s", err.text);
        return 2;
    }
    query.limit = (uint64_t)limit;
    query.timestamps = strchr(argv[8], 't') != NULL;
    if (strchr(argv[8], 'f'))
        query.until = STDIN_FILENO;
    rc = pod_log_find(argv[2], argv[3], (unsigned int)back, &path, &err);
    if (rc == 0)
        rc = pod_log_show(path, &query, STDOUT_FILENO, &err);
    if (rc < 0 && rc != -EPIPE)
        say_error("%s", err.text);
    return rc < 0;
}

/* .pack PATH / .unpack TARGET: the other end of berth cp. */
static int copy(char **argv, bool is_out)
{
    struct err err;
    int rc;

    say_set_name("berth cp");
    rc = is_out ? tar_pack(argv[2], STDOUT_FILENO, &err)
                : tar_unpack(STDIN_FILENO, argv[2], &err);
    if (rc < 0 && rc != -EPIPE)
        say_error("%s", err.text);
    return rc < 0;
}

/* .receive PATH SIZE SUM MODE MTIME force|keep: the other end of sbcast. */
static int receive(char **argv)
{
    struct receive_order order = {.path = argv[2],
                                  .sum = strtoull(argv[4], NULL, 16),
                                  .mode = (unsigned int)strtoul(argv[5], NULL, 8),
                                  .is_forced = strcmp(argv[7], "force") == 0};
    struct err err = {0};
    int rc;

    say_set_name("sbcast");
    rc = number_parse(argv[3], 0, INT64_MAX, &order.size, &err);
    if (rc == 0)
        rc = number_parse(argv[6], 0, INT64_MAX, &order.mtime, &err);
    if (rc == 0)
        rc = receive_file(STDIN_FILENO, &order, &err);
    if (rc < 0)
        say_error("%s", err.text);
    return rc < 0;
}

int inside_main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], ".pack") == 0)
        return copy(argv, true);
    if (argc == 3 && strcmp(argv[1], ".unpack") == 0)
        return copy(argv, false);
    if (argc > 6 && strcmp(argv[1], ".task") == 0) {
        say_set_name("berth run");
        return task_hooks_main(argv + 2);
    }
    if (argc == 6 && strcmp(argv[1], ".log") == 0)
        return show_log(argv);
    if (argc == 9 && strcmp(argv[1], ".podlog") == 0)
        return show_pod_log(argv);
    if (argc == 7 && strcmp(argv[1], ".empty") == 0)
        return empty_volume_main(argv + 2);
    if (argc == 8 && strcmp(argv[1], ".receive") == 0)
        return receive(argv);
    if (argc == 2 && strcmp(argv[1], ".bag") == 0)
        return bag_inside_main();
    if (argc == STEP_WRITER_ARGS && strcmp(argv[1], ".step") == 0)
        return step_writer(argv);
    return -1;
}
