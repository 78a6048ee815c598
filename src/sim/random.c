/* SPDX-License-Identifier: Apache-2.0
 *
 * random.c - bits, and the distributions made of them
 */
#include "sim/random.h"

#include <math.h>

static uint64_t rotate_left(uint64_t x, unsigned int by)
{
    return (x << by) | (x >> (64 - by));
}

void random_seed(struct random_source *source, uint64_t seed)
{
    for (unsigned int i = 0; i < 4; i++) {
        uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        source->state[i] = z ^ (z >> 31);
    }
}

uint64_t random_bits(struct random_source *source)
{
    uint64_t *s = source->state;
    const uint64_t result = rotate_left(s[1] * 5, 7) * 9, shifted = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
}

double random_unit(struct random_source *source)
{
    return (double)(random_bits(source) >> 11) * 0x1p-53;
}

double random_uniform(struct random_source *source, double low, double high)
{
    return low + (high - low) * random_unit(source);
}

/* Marsaglia's polar method; the second value of each pair is let go, so that the
 * source is all the state there is. */
double random_normal(struct random_source *source)
{
    double x, y, square;

    do {
        x = random_uniform(source, -1, 1);
        y = random_uniform(source, -1, 1);
        square = x * x + y * y;
    } while (square >= 1 || square == 0);
    return x * sqrt(-2 * log(square) / square);
}

double random_gamma(struct random_source *source, double shape, double scale)
{
    const double d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3, c = 1 / sqrt(9 * d);
    double v, x, boost = 1;

    if (shape < 1)
        boost = pow(1 - random_unit(source), 1 / shape);
    do {
        do {
            x = random_normal(source);
            v = 1 + c * x;
        } while (v <= 0);
        v = v * v * v;
    } while (log(1 - random_unit(source)) >= x * x / 2 + d - d * v + d * log(v));
    return boost * d * v * scale;
}

/* The series of the lower incomplete gamma function, good for x < shape + 1. */
static double lower_by_series(double x, double shape)
{
    double term = 1 / shape, sum = term;

    for (unsigned int i = 1; i < 1000 && term > sum * 1e-15; i++) {
        term *= x / (shape + i);
        sum += term;
    }
    return sum * exp(shape * log(x) - x - lgamma(shape));
}

/* The continued fraction of the upper one, by Lentz's method, good for the rest. */
static double upper_by_fraction(double x, double shape)
{
    double b = x + 1 - shape, c = 1e300, d = 1 / b, h = d;

    for (unsigned int i = 1; i < 1000; i++) {
        const double a = i * (shape - i);
        double factor;

        b += 2;
        d = 1 / (a * d + b);
        c = b + a / c;
        factor = c * d;
        h *= factor;
        if (fabs(factor - 1) < 1e-15)
            break;
    }
    return h * exp(shape * log(x) - x - lgamma(shape));
}

double gamma_cdf(double x, double shape, double scale)
{
    x /= scale;
    if (x <= 0)
        return 0;
    return x < shape + 1 ? lower_by_series(x, shape) : 1 - upper_by_fraction(x, shape);
}
