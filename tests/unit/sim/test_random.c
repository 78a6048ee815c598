/* SPDX-License-Identifier: Apache-2.0
 *
 * test_random.c - the same seed gives the same numbers, spread as they should be
 *
 * Seeds are fixed, so a test either always passes or never.
 */
#include "sim/random.h"

#include <math.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define DRAWS 200000

static void assert_close(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.6g is not within %g of %.6g", value, tolerance, expected);
}

/* The first outputs of the reference generator from the state {1, 2, 3, 4}. */
static void bits_are_those_of_the_published_generator(void **state)
{
    struct random_source source = {.state = {1, 2, 3, 4}};
    static const uint64_t expected[] = {11520, 0, 1509978240, 1215971899390074240};

    (void)state;
    for (unsigned int i = 0; i < 4; i++)
        assert_int_equal(random_bits(&source), expected[i]);
}

static void a_seed_gives_the_same_numbers_again(void **state)
{
    struct random_source a, b, c;
    unsigned int differ = 0;

    (void)state;
    random_seed(&a, 17);
    random_seed(&b, 17);
    random_seed(&c, 18);
    for (unsigned int i = 0; i < 100; i++) {
        const uint64_t bits = random_bits(&a);

        assert_int_equal(bits, random_bits(&b));
        differ += bits != random_bits(&c);
    }
    assert_int_equal(differ, 100);
}

static void units_are_spread_evenly(void **state)
{
    struct random_source source;
    unsigned int tenths[10] = {0};

    (void)state;
    random_seed(&source, 1);
    for (unsigned int i = 0; i < DRAWS; i++) {
        const double x = random_unit(&source);

        assert_true(x >= 0 && x < 1);
        tenths[(unsigned int)(x * 10)]++;
    }
    for (unsigned int i = 0; i < 10; i++)
        assert_close(tenths[i], DRAWS / 10, 600);
}

static void gamma_variates_have_their_mean_and_deviation(void **state)
{
    static const struct {
        double shape, scale;
    } rows[] = {{4.2, 0.94}, {312, 0.03}, {10.46, 0.4871}, {0.5, 2}};

    (void)state;
    for (unsigned int i = 0; i < 4; i++) {
        const double mean = rows[i].shape * rows[i].scale;
        const double deviation = sqrt(rows[i].shape) * rows[i].scale;
        struct random_source source;
        double sum = 0, squares = 0;

        random_seed(&source, 5 + i);
        for (unsigned int k = 0; k < DRAWS; k++) {
            const double x = random_gamma(&source, rows[i].shape, rows[i].scale);

            assert_true(x > 0);
            sum += x;
            squares += (x - mean) * (x - mean);
        }
        assert_close(sum / DRAWS, mean, 4 * deviation / sqrt(DRAWS));
        assert_close(sqrt(squares / DRAWS), deviation, 0.02 * deviation);
    }
}

/* For a whole shape, 1 - e^-x times the first terms of e^x. */
static double erlang_cdf(double x, unsigned int shape)
{
    double term = 1, sum = 1;

    for (unsigned int i = 1; i < shape; i++) {
        term *= x / i;
        sum += term;
    }
    return 1 - sum * exp(-x);
}

static void the_distribution_function_is_right(void **state)
{
    (void)state;
    assert_close(gamma_cdf(-1, 3, 1), 0, 0);
    for (unsigned int shape = 1; shape < 12; shape++)
        for (double x = 0.25; x < 40; x *= 1.5)
            assert_close(gamma_cdf(x * 2, shape, 2), erlang_cdf(x, shape), 1e-10);
    assert_close(gamma_cdf(0.5, 0.5, 1), erf(sqrt(0.5)), 1e-10);
    assert_close(gamma_cdf(5, 0.5, 1), erf(sqrt(5)), 1e-10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits_are_those_of_the_published_generator),
        cmocka_unit_test(a_seed_gives_the_same_numbers_again),
        cmocka_unit_test(units_are_spread_evenly),
        cmocka_unit_test(gamma_variates_have_their_mean_and_deviation),
        cmocka_unit_test(the_distribution_function_is_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
