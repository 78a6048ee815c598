/* SPDX-License-Identifier: Apache-2.0
 *
 * image_show.c - print images
 */
#include "cli/image_show.h"

#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"

struct table *image_table_create(void)
{
    static const struct column columns[] = {
        {"NAME", false, true}, {"DIGEST", false, false},  {"LAYERS", true, false},
        {"SIZE", true, false}, {"CREATED", false, false}, {"STORE", false, true},
    };

    return table_create(columns, ARRAY_SIZE(columns));
}

/* "sha256:" and all 64 digits are for JSON; twelve tell images apart. */
static char *short_digest(const char *digest)
{
    const char *colon = strchr(digest, ':');

    return xasprintf("%.12s", colon ? colon + 1 : digest);
}

void image_table_add(struct table *table, const struct image *image, const char *store,
                     bool whole_digest)
{
    table_add(table, image->name);
    table_take(table,
               whole_digest ? xstrdup(image->digest) : short_digest(image->digest));
    table_take(table, xasprintf("%zu", image->n_layers));
    table_take(table, image->n_layers ? size_format(image->bytes) : xstrdup("damaged"));
    table_take(table, when_format(image->created));
    table_add(table, store);
}

static void print_words(const char *title, char *const *words)
{
    cleanup(freep) char *line = words ? strv_join(words, " ") : NULL;

    if (line)
        printf("%-11s %s\n", title, line);
}

void image_print(const struct image *image, const char *store)
{
    cleanup(freep) char *size = size_format(image->bytes);
    cleanup(freep) char *created = when_format(image->created);

    printf("%-11s %s\n", "Name:", image->name);
    printf("%-11s %s\n", "Digest:", image->digest);
    printf("%-11s %s\n", "Store:", store);
    printf("%-11s %s\n", "Created:", created);
    printf("%-11s %s unpacked, in %zu layer%s\n", "Size:", size, image->n_layers,
           image->n_layers == 1 ? "" : "s");
    print_words("Entrypoint:", image->entrypoint);
    print_words("Command:", image->cmd);
    if (*image->workdir)
        printf("%-11s %s\n", "Directory:", image->workdir);
    strv_foreach (var, image->env)
        printf("%-11s %s\n", var == image->env ? "Env:" : "", *var);
    strv_foreach (layer, image->layers)
        printf("%-11s %s\n", layer == image->layers ? "Layers:" : "", *layer);
}

static json_t *strings_json(char *const *strings)
{
    json_t *list = json_array();

    for (; strings && *strings; strings++)
        (void)json_array_append_new(list, json_string(*strings));
    return list;
}

json_t *image_json(const struct image *image, const char *store)
{
    return json_pack(
        "{s:s, s:s, s:s, s:I, s:I, s:o, s:o, s:o, s:o, s:s}", "name", image->name,
        "digest", image->digest, "store", store, "bytes", (json_int_t)image->bytes,
        "created", (json_int_t)image->created, "layers", strings_json(image->layers),
        "env", strings_json(image->env), "entrypoint", strings_json(image->entrypoint),
        "cmd", strings_json(image->cmd), "workdir", image->workdir);
}
