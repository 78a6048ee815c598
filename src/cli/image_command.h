/* SPDX-License-Identifier: Apache-2.0
 *
 * image_command.h - what the verbs of 'berth image' have in common
 *
 * A verb is one file, image_<verb>.c, with one function and one line in
 * image_commands.def. Its options are a table that ends with OPTS_IMAGE;
 * image_parse reads them and finds the stores:
 *
 *     struct args {
 *         struct image_args image;
 *         bool all;
 *     };
 *     int cmd_image_ls(int argc, char **argv)
 *     {
 *         cleanup(args_fini) struct args args = {0};
 *         int next, status = image_parse(&usage, opts, argc, argv, &args, &args.image,
 *                                        &next);
 *         if (status >= 0)
 *             return status;
 */
#ifndef BERTH_CLI_IMAGE_COMMAND_H
#define BERTH_CLI_IMAGE_COMMAND_H

#include <jansson.h>

#include "cli/command.h"
#include "cli/image_stores.h"
#include "image/store.h"

/* Options that every verb takes, and what follows from them. */
struct image_args {
    struct common common;
    const char *store; /* --store, borrowed from argv */
    struct image_stores stores;
};
void image_args_fini(struct image_args *args);

#define OPTS_IMAGE(type, member)                                            \
    {.name = "store",                                                       \
     .arg = OPT_NEEDED,                                                     \
     .meta = "DIR",                                                         \
     .set = opt_string,                                                     \
     .offset = offsetof(type, member) + offsetof(struct image_args, store), \
     .help = "use this image store only"},                                  \
        OPTS_JSON(type, member.common), OPTS_CONFIG(type, member.common), OPTS_HELP

/* Read the options of argv[1..] into 'ctx', of which 'args' is a part, and find the
 * stores. Returns as command_parse does: -1 to go on, else the exit status. */
int image_parse(const struct usage *usage, const struct opt *table, int argc,
                char **argv, void *ctx, struct image_args *args, int *ret_next);

/* Say what 'err' says; STATUS_FAILED. */
int image_fail(const struct err *err);

/* Print 'json' and let it go; STATUS_OK. */
int image_print_json(json_t *json);

/* The store that this user writes, made when it is not there yet. */
int image_open_own(const struct image_args *args, struct image_store **ret,
                   struct err *err);

/* Open the store that has the image 'ref', and look it up. The caller closes and
 * frees both. */
int image_open_found(const struct image_args *args, const char *ref,
                     struct image_store **ret_store, struct image **ret_image,
                     struct err *err);

/* Say what 'name' is now, as text or JSON: "Imported hpcc:latest: 1.2G in 3 layers,
 * sha256:0123456789ab". 'skipped' entries were left out. The exit status. */
int image_say_taken(const struct image_args *args, struct image_store *store,
                    const char *verb, const char *name, uint64_t skipped);

#define IMAGE_COMMAND(name, fn, help) int fn(int argc, char **argv);
#include "cli/image_commands.def"
#undef IMAGE_COMMAND

#endif
