/* SPDX-License-Identifier: Apache-2.0
 *
 * settings.h - what is set of accounts and QOS: options become named texts
 *
 * The controller reads the texts; here they are only collected.
 */
#ifndef BERTH_CLI_SETTINGS_H
#define BERTH_CLI_SETTINGS_H

#include "cli/command.h"
#include "client/berth.h"

struct settings {
    Berth__Setting **list; /* texts borrowed from argv */
    size_t n;
};
void settings_fini(struct settings *settings);

/* Setter of such an option: its name and value, or "yes". 'offset' is that of a
 * struct settings. */
int opt_setting(const struct opt *opt, const char *value, void *ctx, struct err *err);

#define OPT_SETTING(option, kind, type, member, meta_, help_)                 \
    {                                                                         \
        .name = (option), .arg = (kind), .meta = (meta_), .set = opt_setting, \
        .offset = offsetof(type, member), .help = (help_)                     \
    }

/* "grp-cores=64,max-jobs=3" of a record's limits; the caller frees it. */
char *settings_limits(Berth__LimitValue *const *limits, size_t n);

#endif
