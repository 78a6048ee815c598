/* SPDX-License-Identifier: Apache-2.0
 *
 * settings.c - collect options that a record is made of, and print its limits
 */
#include "cli/settings.h"

#include <stdlib.h>
#include <string.h>

#include "assoc/limits.h"
#include "base/mem.h"

void settings_fini(struct settings *settings)
{
    for (size_t i = 0; i < settings->n; i++) {
        free(settings->list[i]->name);
        free(settings->list[i]->text);
        free(settings->list[i]);
    }
    free(settings->list);
    *settings = (struct settings){0};
}

int opt_setting(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct settings *settings = (struct settings *)((char *)ctx + opt->offset);
    Berth__Setting *setting = xmalloc(sizeof(*setting));

    (void)err;
    berth__setting__init(setting);
    setting->name = xstrdup(opt->name);
    setting->text = xstrdup(value ? value : "yes");
    settings->list = xrealloc(settings->list, settings->n + 1, sizeof(*settings->list));
    settings->list[settings->n++] = setting;
    return 0;
}

char *settings_limits(Berth__LimitValue *const *values, size_t n)
{
    struct limits limits = {0};

    for (size_t i = 0; i < n; i++) {
        enum limit limit;

        if (limit_find(values[i]->name, &limit, NULL) == 0)
            limits_set(&limits, limit, values[i]->value);
    }
    return limits_format_all(&limits);
}
