/* SPDX-License-Identifier: Apache-2.0
 *
 * swf.c - numbers and headers of the Standard Workload Format
 */
#include "sim/swf.h"

#include "base/mem.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define LEAST_FIELDS 5

static const char *const field_names[SWF_N_FIELDS] = {
    [SWF_NUMBER] = "job number",
    [SWF_SUBMIT] = "submit time",
    [SWF_WAIT] = "wait time",
    [SWF_RUN] = "run time",
    [SWF_ALLOCATED] = "allocated processors",
    [SWF_CPU_TIME] = "CPU time",
    [SWF_MEMORY] = "used memory",
    [SWF_REQUESTED] = "requested processors",
    [SWF_REQUESTED_TIME] = "requested time",
    [SWF_REQUESTED_MEMORY] = "requested memory",
    [SWF_STATUS] = "status",
    [SWF_USER] = "user",
    [SWF_GROUP] = "group",
    [SWF_PROGRAM] = "program",
    [SWF_QUEUE] = "queue",
    [SWF_PARTITION] = "partition",
    [SWF_PRECEDING] = "preceding job",
    [SWF_THINK_TIME] = "think time",
};

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t\v\f\r");
}

static int not_a_number(const char *word, struct err *err)
{
    const int len = (int)strcspn(word, " \t\v\f\r");

    return err_set(err, EINVAL, "'%.*s' is not a number", len > 40 ? 40 : len, word);
}

static const char *skip_digits(const char *at)
{
    return at + strspn(at, "0123456789");
}

/* The exponent of "1e5" and the like is not part of the format. */
int swf_number_read(const char **at, int64_t *ret, struct err *err)
{
    const char *word = skip_blanks(*at), *p = word + (*word == '-' || *word == '+');
    int64_t value = 0;

    if (*word == '\0')
        return -ENODATA;
    if (p == skip_digits(p) && (*p != '.' || p + 1 == skip_digits(p + 1)))
        return not_a_number(word, err);
    for (; *p >= '0' && *p <= '9'; p++)
        if (value <= SWF_NUMBER_MAX)
            value = value * 10 + (*p - '0');
    if (*p == '.')
        p = skip_digits(p + 1);
    if (*p != '\0' && skip_blanks(p) == p)
        return not_a_number(word, err);
    *at = skip_blanks(p);
    *ret = value > SWF_NUMBER_MAX ? SWF_NUMBER_MAX : value;
    if (*word == '-')
        *ret = -*ret;
    return value > SWF_NUMBER_MAX ? err_set(err, ERANGE, "the number is too large") : 0;
}

/* Odd logs count memory in bytes and have identifiers of any size. */
static bool is_time(size_t field)
{
    return field == SWF_SUBMIT || field == SWF_RUN || field == SWF_REQUESTED_TIME;
}

int swf_record_read(const char *line, struct swf_record *ret, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; i < SWF_N_FIELDS; i++) {
        ret->field[i] = -1;
        if (rc == 0)
            rc = swf_number_read(&line, &ret->field[i], err);
        if (rc == -ERANGE && !is_time(i))
            rc = 0;
        if (rc && rc != -ENODATA)
            return err_wrap(err, "field %zu, %s", i + 1, field_names[i]);
        if (rc && i < LEAST_FIELDS)
            return err_set(err, EINVAL, "the line ends before field %zu, %s", i + 1,
                           field_names[i]);
    }
    return 0;
}

void swf_header_read(struct swf_header *header, const char *comment)
{
    const struct {
        const char *key;
        int64_t *value;
    } keys[] = {{"MaxProcs:", &header->max_procs},
                {"MaxNodes:", &header->max_nodes},
                {"MaxJobs:", &header->max_jobs},
                {"UnixStartTime:", &header->unix_start}};
    const char *key = skip_blanks(comment + strspn(comment, ";"));
    int64_t value;

    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        const size_t len = strlen(keys[i].key);

        if (strncasecmp(key, keys[i].key, len) != 0)
            continue;
        key += len;
        if (swf_number_read(&key, &value, NULL) == 0 && value > 0)
            *keys[i].value = value;
        return;
    }
}
