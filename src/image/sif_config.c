/* SPDX-License-Identifier: Apache-2.0
 *
 * sif_config.c - what a SIF file says beside its root file system, as an OCI
 * configuration
 */
#include "image/sif.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "image/oci.h"

/* Apptainer and Singularity both keep this name. */
#define RUNSCRIPT "/.singularity.d/runscript"

static size_t name_length(const char *text)
{
    size_t n = 0;

    if (isdigit((unsigned char)*text))
        return 0;
    while (isalnum((unsigned char)text[n]) || text[n] == '_')
        n++;
    return n;
}

/* A value that a shell would take as it stands, or in plain quotes. */
static char *plain_value(const char *text, size_t len)
{
    while (len && isspace((unsigned char)text[len - 1]))
        len--;
    if (len >= 2 && (*text == '"' || *text == '\'') && text[len - 1] == *text) {
        text++;
        len -= 2;
    } else if (memchr(text, ' ', len) || memchr(text, '\t', len)) {
        return NULL;
    }
    for (size_t i = 0; i < len; i++)
        if (strchr("$`\\\"';&|<>()*?", text[i]) || !text[i])
            return NULL;
    return xstrndup(text, len);
}

/* "export NAME=value": what needs a shell stays the shell's. */
static void add_assignment(const char *line, size_t len, json_t *env)
{
    cleanup(freep) char *value = NULL, *pair = NULL;
    size_t name;

    while (len && isspace((unsigned char)*line))
        line++, len--;
    if (len > 7 && strncmp(line, "export ", 7) == 0)
        line += 7, len -= 7;
    name = name_length(line);
    if (!name || name >= len || line[name] != '=')
        return;
    value = plain_value(line + name + 1, len - name - 1);
    if (!value)
        return;
    pair = xasprintf("%.*s=%s", (int)name, line, value);
    (void)json_array_append_new(env, json_string(pair));
}

static json_t *environment_of(const char *deffile)
{
    json_t *env = json_array();
    bool inside = false;

    while (deffile && *deffile) {
        size_t len = strcspn(deffile, "\n");

        if (*deffile == '%')
            inside = len >= 12 && strncmp(deffile, "%environment", 12) == 0;
        else if (inside)
            add_assignment(deffile, len, env);
        deffile += len + (deffile[len] == '\n');
    }
    return env;
}

/* Only strings are labels; newer files nest them below the application. */
static json_t *labels_of(const char *text)
{
    json_t *json = text ? json_loads(text, 0, NULL) : NULL;
    json_t *labels = json_object(), *value;
    const char *name;
    const json_t *nested = json_object_get(
        json_object_get(json_object_get(json, "data"), "attributes"), "labels");

    json_object_foreach(nested ? (json_t *)(uintptr_t)nested : json, name, value)
    {
        if (json_is_string(value))
            (void)json_object_set(labels, name, value);
    }
    json_decref(json);
    return labels;
}

char *sif_make_config(const char *diff_id, const char *arch, const char *deffile,
                      const char *labels, bool has_runscript)
{
    json_t *run = json_pack("{s:o, s:o}", "Env", environment_of(deffile), "Labels",
                            labels_of(labels));
    json_t *config;
    char *text;

    if (has_runscript)
        (void)json_object_set_new(run, "Cmd", json_pack("[s]", RUNSCRIPT));
    config = json_pack("{s:s, s:s, s:o, s:{s:s, s:[s]}}", "architecture",
                       arch ? arch : oci_machine(), "os", "linux", "config", run,
                       "rootfs", "type", "layers", "diff_ids", diff_id);
    text = json_dumps(config, JSON_COMPACT);
    json_decref(config);
    return text;
}
