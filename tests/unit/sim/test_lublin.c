/* SPDX-License-Identifier: Apache-2.0
 *
 * test_lublin.c - synthetic jobs look as the model says
 */
#include "sim/lublin.h"

#include <math.h>
#include <stdbool.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define JOBS 50000

static void assert_close(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.6g is not within %g of %.6g", value, tolerance, expected);
}

static bool is_power_of_two(uint32_t n)
{
    return (n & (n - 1)) == 0;
}

static void sizes_are_serial_or_powers_of_two_as_often_as_they_should(void **state)
{
    unsigned int serial = 0, powers = 0, wide = 0;
    struct lublin model;

    (void)state;
    lublin_init(&model, 256, 3);
    for (unsigned int i = 0; i < JOBS; i++) {
        const uint32_t procs = lublin_next(&model).procs;

        assert_in_range(procs, 1, 256);
        serial += procs == 1;
        powers += procs > 1 && is_power_of_two(procs);
        wide += procs > 45; /* 2^5.5, where the upper range begins */
    }
    /* Of 0.8 to 5.5, rounding takes [0.8, 1) to 1: no further serial jobs. */
    assert_close((double)serial / JOBS, 0.244, 0.01);
    assert_close((double)wide / JOBS, 0.756 * 0.14, 0.01);
    assert_true((double)powers / JOBS > 0.756 * 0.576);
}

static void run_times_are_as_long_as_they_should_be(void **state)
{
    double logs_narrow = 0, logs_wide = 0;
    unsigned int narrow = 0, wide = 0;
    struct lublin model;

    (void)state;
    lublin_init(&model, 256, 4);
    for (unsigned int i = 0; i < JOBS; i++) {
        const struct lublin_job job = lublin_next(&model);

        assert_in_range(job.run, 1, 162754);
        if (job.procs == 1) {
            logs_narrow += log((double)job.run + 0.5);
            narrow++;
        } else if (job.procs > 64) {
            logs_wide += log((double)job.run + 0.5);
            wide++;
        }
    }
    /* Mean of the two gammas by their shares at this size. */
    assert_close(logs_narrow / narrow, 0.7746 * 3.948 + 0.2254 * 9.36, 0.1);
    assert_true(logs_wide / wide > logs_narrow / narrow + 2);
}

static void more_jobs_come_at_noon_than_at_night(void **state)
{
    unsigned int noon = 0, night = 0;
    struct lublin model;
    int64_t last = 0;

    (void)state;
    lublin_init(&model, 128, 5);
    for (unsigned int i = 0; i < JOBS; i++) {
        const int64_t submit = lublin_next(&model).submit;
        const int64_t hour = submit / 3600 % 24;

        assert_true(submit >= last);
        last = submit;
        noon += hour >= 11 && hour < 17;
        night += hour < 6;
    }
    /* What the gamma distribution gives these hours, integrated by other means. */
    assert_close((double)noon / JOBS, 0.4353, 0.01);
    assert_close((double)night / JOBS, 0.0753, 0.01);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_serial_or_powers_of_two_as_often_as_they_should),
        cmocka_unit_test(run_times_are_as_long_as_they_should_be),
        cmocka_unit_test(more_jobs_come_at_noon_than_at_night),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
