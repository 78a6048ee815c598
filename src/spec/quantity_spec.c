/* SPDX-License-Identifier: Apache-2.0
 *
 * quantity_spec.c - read, write and compare amounts, exactly
 *
 * In between everything is one 128 bit count of billionths: 2^63 units are less than
 * 2^93 of them.
 */
#include "spec/quantity_spec.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define NANO INT64_C(1000000000)
#define DIGITS_MAX 28 /* of a mantissa: below 2^94 */

typedef __int128 nanos;

static const char binary_letters[] = "KMGTPE";
/* From 10^-9 in steps of 1000; index 3 is one. */
static const char *const decimal_suffixes[] = {"n", "u", "m", "",  "k",
                                               "M", "G", "T", "P", "E"};
#define ONE 3

static nanos to_nanos(const struct quantity *q)
{
    return (nanos)q->whole * NANO + q->nano;
}

static int from_nanos(nanos amount, enum quantity_form form, struct quantity *ret)
{
    if (amount > (nanos)INT64_MAX * NANO || amount < -(nanos)INT64_MAX * NANO)
        return -ERANGE;
    *ret = (struct quantity){.whole = (int64_t)(amount / NANO),
                             .nano = (int32_t)(amount % NANO),
                             .form = form};
    return 0;
}

struct number {
    nanos mantissa;
    int exponent; /* of ten */
    unsigned int shift;
    enum quantity_form form;
};

/* Digits with at most one point. Returns where they end, NULL: none, or too many. */
static const char *read_mantissa(const char *at, struct number *number)
{
    bool has_point = false;
    int n_digits = 0, n_read = 0;

    for (;; at++) {
        if (*at == '.' && !has_point) {
            has_point = true;
            continue;
        }
        if (!isdigit((unsigned char)*at))
            break;
        n_read++;
        if (number->mantissa || *at != '0')
            n_digits++;
        if (n_digits > DIGITS_MAX || n_read > 1000)
            return NULL;
        number->mantissa = number->mantissa * 10 + (*at - '0');
        number->exponent -= has_point;
    }
    return n_read ? at : NULL;
}

static bool read_exponent(const char *at, struct number *number)
{
    int sign = *at == '-' ? -1 : 1, value = 0;

    if (*at == '-' || *at == '+')
        at++;
    if (!isdigit((unsigned char)*at))
        return false;
    for (; isdigit((unsigned char)*at); at++)
        if (value < 1000)
            value = value * 10 + (*at - '0');
    number->exponent += sign * value;
    number->form = QUANTITY_EXPONENT;
    return *at == '\0';
}

static bool read_suffix(const char *at, struct number *number)
{
    const char *letter;

    if ((*at == 'e' || *at == 'E') && at[1])
        if (at[1] != 'i')
            return read_exponent(at + 1, number);
    if (at[0] && at[1] == 'i' && !at[2] && (letter = strchr(binary_letters, at[0]))) {
        number->shift = 10 * (unsigned int)(letter - binary_letters + 1);
        number->form = QUANTITY_BINARY;
        return true;
    }
    for (size_t i = 0; i < ARRAY_SIZE(decimal_suffixes); i++)
        if (strcmp(at, decimal_suffixes[i]) == 0) {
            number->exponent += 3 * ((int)i - ONE);
            return true;
        }
    return false;
}

/* The number in billionths. -ERANGE when it is too large, -EDOM when too fine. */
static int scale(const struct number *number, nanos *ret)
{
    nanos value = number->mantissa;

    /* Fractions of binary units first, so that 1.5Gi stays whole. */
    if (number->shift &&
        __builtin_mul_overflow(value, (nanos)1 << number->shift, &value))
        return -ERANGE;
    for (int e = number->exponent + 9; e > 0 && value; e--)
        if (__builtin_mul_overflow(value, 10, &value))
            return -ERANGE;
    for (int e = number->exponent + 9; e < 0 && value; e++) {
        if (value % 10 != 0)
            return -EDOM;
        value /= 10;
    }
    *ret = value;
    return 0;
}

int quantity_parse(const char *text, struct quantity *ret, struct err *err)
{
    struct number number = {.form = QUANTITY_DECIMAL};
    const char *at = text + (*text == '+' || *text == '-');
    const char *end = read_mantissa(at, &number);
    struct quantity q;
    nanos value;
    int rc;

    if (!end || !read_suffix(end, &number))
        return err_set(err, EINVAL,
                       "'%.64s' is not a quantity: a number, then n u m k M G T P E, "
                       "Ki Mi Gi Ti Pi Ei or e3",
                       text);
    rc = scale(&number, &value);
    if (rc == -EDOM)
        return err_set(err, ERANGE, "'%.64s' is finer than a billionth", text);
    if (rc == 0)
        rc = from_nanos(*text == '-' ? -value : value, number.form, &q);
    if (rc < 0)
        return err_set(err, ERANGE, "'%.64s' is more than 2^63-1", text);
    *ret = q;
    return 0;
}

static char *format_binary(int64_t value)
{
    size_t i = 0;

    for (; value % 1024 == 0 && i < sizeof(binary_letters) - 1; i++)
        value /= 1024;
    return i ? xasprintf("%" PRId64 "%ci", value, binary_letters[i - 1])
             : xasprintf("%" PRId64, value);
}

/* Up to 28 digits: more than 64 bits hold. */
static char *format_nanos(nanos value)
{
    unsigned __int128 rest =
        value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;
    char text[48];
    size_t at = sizeof(text) - 1;

    text[at] = '\0';
    do {
        text[--at] = (char)('0' + (int)(rest % 10));
        rest /= 10;
    } while (rest);
    return xasprintf("%s%s", value < 0 ? "-" : "", text + at);
}

char *quantity_format(const struct quantity *q)
{
    cleanup(freep) char *digits = NULL;
    nanos value = to_nanos(q);
    int i = 0;

    if (value == 0)
        return xstrdup("0");
    if (q->form == QUANTITY_BINARY && !q->nano &&
        (q->whole >= 1024 || q->whole <= -1024))
        return format_binary(q->whole);
    for (; value % 1000 == 0 && (size_t)i + 1 < ARRAY_SIZE(decimal_suffixes); i++)
        value /= 1000;
    digits = format_nanos(value);
    if (q->form == QUANTITY_EXPONENT && i != ONE)
        return xasprintf("%se%d", digits, 3 * (i - ONE));
    return xasprintf("%s%s", digits, decimal_suffixes[i]);
}

int quantity_compare(const struct quantity *a, const struct quantity *b)
{
    nanos left = to_nanos(a), right = to_nanos(b);

    return (left > right) - (left < right);
}

int quantity_add(const struct quantity *a, const struct quantity *b,
                 struct quantity *ret)
{
    return from_nanos(to_nanos(a) + to_nanos(b), a->form, ret);
}

static int64_t in_parts_of(const struct quantity *q, int64_t nanos_each)
{
    nanos value = to_nanos(q);
    nanos parts = value / nanos_each + (value > 0 && value % nanos_each != 0);

    return parts > INT64_MAX   ? INT64_MAX
           : parts < INT64_MIN ? INT64_MIN
                               : (int64_t)parts;
}

int64_t quantity_units(const struct quantity *q)
{
    return in_parts_of(q, NANO);
}

int64_t quantity_milli(const struct quantity *q)
{
    return in_parts_of(q, NANO / 1000);
}
