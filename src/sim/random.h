/* SPDX-License-Identifier: Apache-2.0
 *
 * random.h - numbers that look random and come again with the same seed
 *
 * The generator is xoshiro256** (Blackman and Vigna, ACM TOMS 2021), seeded by
 * splitmix64. Not for secrets.
 */
#ifndef BERTH_SIM_RANDOM_H
#define BERTH_SIM_RANDOM_H

#include <stdint.h>

struct random_source {
    uint64_t state[4];
};

void random_seed(struct random_source *source, uint64_t seed);
uint64_t random_bits(struct random_source *source);

/* In [0, 1), in steps of 2^-53. */
double random_unit(struct random_source *source);
double random_uniform(struct random_source *source, double low, double high);
double random_normal(struct random_source *source); /* mean 0, deviation 1 */
/* Mean shape * scale (Marsaglia and Tsang, ACM TOMS 2000); both over 0. */
double random_gamma(struct random_source *source, double shape, double scale);

/* The chance that a gamma variate is at most 'x': the regularised incomplete gamma
 * function, to about 1e-10. */
double gamma_cdf(double x, double shape, double scale);

#endif
