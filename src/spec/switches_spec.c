/* SPDX-License-Identifier: Apache-2.0
 *
 * switches_spec.c - how many leaf switches a job may span
 */
#include "spec/switches_spec.h"

#include "base/mem.h"
#include "base/units.h"
#include "spec/scan.h"

int switches_spec_parse(const char *text, struct switches_spec *ret, struct err *err)
{
    struct switches_spec spec = {.wait = TIME_UNLIMITED};
    struct scan s = {text, text};
    uint64_t count = 0;
    int rc = *text ? scan_number(&s, SWITCHES_MAX, &count, err) : 0;

    spec.count = (uint32_t)count;
    if (rc == 0 && scan_char(&s, '@'))
        rc = duration_parse(s.at, &spec.wait, err);
    else if (rc == 0 && *s.at)
        return scan_fail(&s, err, "'%c' has no place", *s.at);
    if (rc == 0)
        *ret = spec;
    return rc;
}

char *switches_spec_format(const struct switches_spec *spec)
{
    cleanup(freep) char *wait = NULL;

    if (spec->count == 0)
        return xstrdup("");
    if (spec->wait == TIME_UNLIMITED)
        return xasprintf("%u", spec->count);
    wait = duration_format(spec->wait);
    return xasprintf("%u@%s", spec->count, wait);
}
