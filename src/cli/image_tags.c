/* SPDX-License-Identifier: Apache-2.0
 *
 * image_tags.c - berth image tags, search: what registries have
 */
#include "cli/image_command.h"

#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "cli/registry_link.h"

static const struct usage tags_usage = {
    .synopsis = "berth image tags [HOST[:PORT]/]PATH [options]",
    .about = "List the tags that a registry has of an image.",
    .examples = "  berth image tags registry.example.org/hpc/solver\n",
};

static const struct usage search_usage = {
    .synopsis = "berth image search [HOST[:PORT]/]TERM [options]",
    .about =
        "List images with TERM in their names: of one registry's catalogue, or of\n"
        "those of image.registries. 'HOST/' lists all.",
    .examples = "  berth image search solver\n"
                "  berth image search registry.example.org/hpc\n",
};

struct args {
    struct image_args image;
    struct registry_args registry;
};

static const struct opt opts[] = {
    OPTS_REGISTRY(struct args, registry),
    OPTS_IMAGE(struct args, image),
    OPTS_END,
};

static void args_fini(struct args *args)
{
    image_args_fini(&args->image);
}

static int print_names(const struct args *args, char **names)
{
    json_t *list;

    if (!args->image.common.json) {
        strv_foreach (name, names)
            printf("%s\n", *name);
        return STATUS_OK;
    }
    list = json_array();
    strv_foreach (name, names)
        (void)json_array_append_new(list, json_string(*name));
    return image_print_json(list);
}

/* "host:5000/term": is what is before the slash a host? As in names of images. */
static char *take_host(const char **term)
{
    const char *slash = strchr(*term, '/');
    size_t len = slash ? (size_t)(slash - *term) : 0;
    const char *start = *term;

    if (!len || !(memchr(start, '.', len) || memchr(start, ':', len) ||
                  (len == 9 && memcmp(start, "localhost", 9) == 0)))
        return NULL;
    *term = slash + 1;
    return xstrndup(start, len);
}

static int ask_search(const struct registry_module *module,
                      const struct registry_settings *settings, const char *term,
                      char ***ret, struct err *err)
{
    cleanup(freep) char *host = take_host(&term);

    return module->search(settings, host, term, ret, err);
}

static int ask(int argc, char **argv, bool is_search)
{
    cleanup(args_fini) struct args args = {0};
    cleanup(strv_freep) char **names = NULL;
    const struct registry_module *module;
    struct registry_settings settings;
    struct err err;
    int next, r, status;

    status = image_parse(is_search ? &search_usage : &tags_usage, opts, argc, argv,
                         &args, &args.image, &next);
    if (status >= 0)
        return status;
    if (argc - next != 1) {
        say_error("%s", is_search
                            ? "search needs one word: berth image search TERM"
                            : "tags needs one name: berth image tags [HOST/]PATH");
        return STATUS_USAGE;
    }
    settings = registry_settings(&args.image, &args.registry);
    r = registry_link(&module, &err);
    if (r == 0 && is_search)
        r = ask_search(module, &settings, argv[next], &names, &err);
    else if (r == 0)
        r = module->tags(&settings, argv[next], &names, &err);
    return r < 0 ? image_fail(&err) : print_names(&args, names);
}

int cmd_image_tags(int argc, char **argv)
{
    return ask(argc, argv, false);
}

int cmd_image_search(int argc, char **argv)
{
    return ask(argc, argv, true);
}
