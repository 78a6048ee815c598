/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_image.c - berth image: find the verb, or list the verbs
 */
#include "cli/command.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/strbuf.h"
#include "cli/image_command.h"

static const struct command verbs[] = {
#define IMAGE_COMMAND(name, fn, help) {#name, fn, help},
#include "cli/image_commands.def"
#undef IMAGE_COMMAND
};

/* The options that every verb has may also stand before it. */
struct args {
    struct image_args image;
};

static const struct opt opts[] = {
    OPTS_IMAGE(struct args, image),
    OPTS_END,
};

static char *list_verbs(void)
{
    struct strbuf list = STRBUF_INIT;

    strbuf_puts(&list, "Images that jobs run in. Root keeps the site's, everyone else "
                       "their own;\njobs find both. No cluster needs to be up.\n");
    for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
        strbuf_printf(&list, "\n  %-9s %s", verbs[i].name, verbs[i].help);
    strbuf_puts(&list, "\n\nberth image VERB --help explains a verb.");
    return strbuf_take(&list);
}

static int unknown_verb(const char *word)
{
    const char *names[ARRAY_SIZE(verbs)], *near;

    for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
        names[i] = verbs[i].name;
    near = nearest_name(word, names, ARRAY_SIZE(names));
    if (near)
        say_error("unknown verb %s: did you mean berth image %s?", word, near);
    else
        say_error("unknown verb %s: 'berth image --help' lists them", word);
    return STATUS_USAGE;
}

int cmd_image(int argc, char **argv)
{
    cleanup(freep) char *about = list_verbs();
    const struct usage usage = {
        .synopsis = "berth image VERB [options]",
        .about = about,
        .examples = "  berth image import debian.tar.zst debian:12\n"
                    "  berth image ls --json\n",
    };
    struct args args = {0};
    int next, status;

    /* Patterns of names and files are in the user's encoding. Other commands have no
     * use for it, and start faster without. */
    (void)setlocale(LC_CTYPE, "");
    status = command_parse(&usage, opts, OPTS_STOP, argc, argv, &args, &next);
    if (status >= 0)
        return status;
    if (next == argc) {
        say_error("say what to do: 'berth image --help' lists the verbs");
        return STATUS_USAGE;
    }
    for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
        if (strcmp(argv[next], verbs[i].name) != 0)
            continue;
        /* The verb takes the command's place; what stood before it comes after. */
        argv[0] = argv[next];
        memmove(&argv[next], &argv[next + 1], (size_t)(argc - next) * sizeof(*argv));
        return verbs[i].run(argc - 1, argv);
    }
    return unknown_verb(argv[next]);
}
