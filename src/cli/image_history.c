/* SPDX-License-Identifier: Apache-2.0
 *
 * image_history.c - berth image history: how an image was made
 */
#include "cli/image_command.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/units.h"
#include "cli/table.h"
#include "image/oci.h"

static const struct usage usage = {
    .synopsis = "berth image history IMAGE [options]",
    .about = "Show the steps that made an image, latest first, with what the layer of\n"
             "each takes unpacked.",
    .examples = "  berth image history site/solver:2\n"
                "  berth image history site/solver:2 --json\n",
};

struct args {
    struct image_args image;
    bool whole;
};

static const struct opt opts[] = {
    {.name = "no-trunc",
     .arg = OPT_NONE,
     .set = opt_flag,
     .offset = offsetof(struct args, whole),
     .help = "whole commands, however long"},
    OPTS_IMAGE(struct args, image),
    OPTS_END,
};

static void args_fini(struct args *args)
{
    image_args_fini(&args->image);
}

static void release_json(json_t **json)
{
    json_decref(*json);
}

/* Steps in the order they were made, each with its layer when it has one. What the
 * history leaves out are layers without words. */
static json_t *steps_of(const struct image_store *store, const json_t *config)
{
    const json_t *history = json_object_get(config, "history");
    const json_t *layers =
        json_object_get(json_object_get(config, "rootfs"), "diff_ids");
    size_t n = json_array_size(history), next = 0;
    json_t *steps = json_array();

    for (size_t i = 0; i < n || next < json_array_size(layers); i++) {
        json_t *step = json_deep_copy(json_array_get(history, i));
        const char *layer = NULL;

        if (!json_is_object(step)) {
            json_decref(step);
            step = json_object();
        }
        if (!json_is_true(json_object_get(step, "empty_layer")))
            layer = json_string_value(json_array_get(layers, next++));
        if (layer) {
            (void)json_object_set_new(step, "diff_id", json_string(layer));
            (void)json_object_set_new(
                step, "bytes",
                json_integer((json_int_t)image_layer_bytes(store, layer)));
        }
        (void)json_array_append_new(steps, step);
    }
    return steps;
}

static const char *text_of(const json_t *step, const char *key)
{
    const char *text = json_string_value(json_object_get(step, key));

    return text ? text : "";
}

/* "/bin/sh -c #(nop)  CMD ..." is how docker wrote steps that run nothing. */
static char *words_of(const json_t *step, bool whole)
{
    const char *text = text_of(step, "created_by");
    const char *nop = strstr(text, "#(nop)");

    if (nop)
        text = nop + strlen("#(nop)") + strspn(nop + strlen("#(nop)"), " ");
    if (!*text)
        text = text_of(step, "comment");
    return whole || strlen(text) <= 60 ? xstrdup(text) : xasprintf("%.57s...", text);
}

static void print_steps(const json_t *steps, bool whole)
{
    static const struct column columns[] = {
        {"CREATED", false, false}, {"SIZE", true, false}, {"CREATED BY", false, true}};
    cleanup(table_destroyp) struct table *table =
        table_create(columns, ARRAY_SIZE(columns));

    for (size_t i = json_array_size(steps); i-- > 0;) {
        const json_t *step = json_array_get(steps, i);
        const json_t *bytes = json_object_get(step, "bytes");

        table_take(table, when_format(oci_parse_time(text_of(step, "created"))));
        table_take(table, bytes ? size_format((uint64_t)json_integer_value(bytes))
                                : xstrdup("-"));
        table_take(table, words_of(step, whole));
    }
    table_print(table, true, whole ? 0 : table_terminal_width(stdout), stdout);
}

static int history(const struct args *args, const char *ref)
{
    struct image_store *store = NULL;
    cleanup(image_freep) struct image *image = NULL;
    cleanup(freep) char *text = NULL;
    cleanup(release_json) json_t *config = NULL, *steps = NULL;
    struct err err;
    int rc = image_open_found(&args->image, ref, &store, &image, &err);

    if (rc == 0)
        rc = image_documents(store, image, NULL, &text, &err);
    if (rc == 0) {
        config = json_loads(text, 0, NULL);
        steps = steps_of(store, config);
    }
    image_store_close(store);
    if (rc < 0)
        return image_fail(&err);
    if (args->image.common.json)
        return image_print_json(json_incref(steps));
    print_steps(steps, args->whole);
    return STATUS_OK;
}

int cmd_image_history(int argc, char **argv)
{
    cleanup(args_fini) struct args args = {0};
    int next, status;

    status = image_parse(&usage, opts, argc, argv, &args, &args.image, &next);
    if (status >= 0)
        return status;
    if (argc - next != 1) {
        say_error("history needs the name of one image ('berth image ls' lists them)");
        return STATUS_USAGE;
    }
    return history(&args, argv[next]);
}
