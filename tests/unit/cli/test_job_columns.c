/* SPDX-License-Identifier: Apache-2.0
 *
 * test_job_columns.c - lists of jobs by squeue's letters
 */
#include "cli/job_columns.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char name[] = "solver", user[] = "ann", partition[] = "batch";
static char state[] = "PENDING", short_state[] = "PD", reason[] = "Resources";
static Berth__JobSpec spec;
static Berth__JobRecord record;
static Berth__JobInfo info;
static Berth__JobInfo *infos[] = {&info};
static Berth__JobList list;

static int setup(void **ctx)
{
    (void)ctx;
    berth__job_spec__init(&spec);
    berth__job_record__init(&record);
    berth__job_info__init(&info);
    berth__job_list__init(&list);
    spec.name = name;
    spec.user = user;
    spec.partition = partition;
    spec.nodes_min = 4;
    record.id = 17;
    info.record = &record;
    info.spec = &spec;
    info.state = state;
    info.state_short = short_state;
    info.reason = reason;
    list.jobs = infos;
    list.n_jobs = 1;
    return 0;
}

static char *print(const char *format, bool has_header)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    if (format)
        assert_int_equal(job_format_print(format, &list, 0, has_header, out, NULL), 0);
    else
        job_columns_print(JOB_COLUMNS_DEFAULT, &list, 0, has_header, 0, out);
    fclose(out);
    return text;
}

static void the_default_looks_like_squeue(void **ctx)
{
    cleanup(freep) char *text = print(NULL, true);

    (void)ctx;
    assert_string_equal(
        text, "JOBID  PARTITION  NAME    USER  ST      TIME  NODES  NODELIST(REASON)\n"
              "   17  batch      solver  ann   PD  00:00:00      4  (Resources)\n");
}

static void formats_know_widths_and_sides(void **ctx)
{
    cleanup(freep) char *text = print("%i|%.5t|%8j|%3j|%T", false);

    (void)ctx;
    assert_string_equal(text, "17|   PD|solver  |sol|PENDING\n");
}

static void a_header_carries_the_titles(void **ctx)
{
    cleanup(freep) char *text = print("%i %t", true);

    (void)ctx;
    assert_string_equal(text, "JOBID ST\n17 PD\n");
}

static void an_unknown_letter_is_refused(void **ctx)
{
    struct err err;

    (void)ctx;
    assert_int_equal(job_format_print("%i %&", &list, 0, 0, stdout, &err), -EINVAL);
    assert_string_equal(err.text, "'%&' is no field of a job's format");
}

static void a_job_without_its_parts_prints_too(void **ctx)
{
    cleanup(freep) char *text = NULL;

    (void)ctx;
    info.record = NULL;
    info.spec = NULL;
    text = print("%i %j %M %R", false);
    assert_string_equal(text, "0  00:00:00 (Resources)\n");
}

#define TEST(fn) cmocka_unit_test_setup(fn, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_default_looks_like_squeue),      TEST(formats_know_widths_and_sides),
        TEST(a_header_carries_the_titles),        TEST(an_unknown_letter_is_refused),
        TEST(a_job_without_its_parts_prints_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
