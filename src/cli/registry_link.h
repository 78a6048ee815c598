/* SPDX-License-Identifier: Apache-2.0
 *
 * registry_link.h - the part of berth(1) that talks to registries, when needed
 */
#ifndef BERTH_CLI_REGISTRY_LINK_H
#define BERTH_CLI_REGISTRY_LINK_H

#include "cli/image_command.h"
#include "config/config.h"
#include "registry/module.h"

/* Options of all commands that talk to registries. */
struct registry_args {
    bool insecure;
};
#define OPTS_REGISTRY(type, member)                                                  \
    {                                                                                \
        .name = "insecure", .arg = OPT_NONE, .set = opt_flag,                        \
        .offset = offsetof(type, member) + offsetof(struct registry_args, insecure), \
        .help = "plain HTTP, or certificates that nobody vouches for"                \
    }

/* registry.so's functions; it stays loaded. */
int registry_link(const struct registry_module **ret, struct err *err);

/* May a registry have 'ref': does it name one, or does the configuration? */
bool registry_may_have(const struct config *config, const char *ref);

/* What the configuration says; borrows from it. */
struct registry_settings registry_settings_of(const struct config *config);

/* What configuration and command line say; borrows from both. */
struct registry_settings registry_settings(const struct image_args *image,
                                           const struct registry_args *registry);

#endif
