/* SPDX-License-Identifier: Apache-2.0
 *
 * containerfile.c - instructions in order, grouped into stages
 */
#include "build/containerfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/strv.h"
#include "build/instruction.h"
#include "build/lines.h"

int instruction_wrap(const struct containerfile *file, const struct instruction *in,
                     struct err *err)
{
    return err_wrap(err, "%s:%u: %s", file->file, in->line, instruction_name(in->kind));
}

/* Warnings of a part begin with the line or, when 'line' is given, with nothing. */
static void take_warnings(struct containerfile *file, unsigned int line, char **from)
{
    strv_foreach (w, from) {
        strv_take(&file->warnings, line ? xasprintf("%s:%u: %s", file->file, line, *w)
                                        : xasprintf("%s:%s", file->file, *w));
    }
}

static int add_instruction(struct containerfile *file, struct logical_line *line,
                           struct err *err)
{
    cleanup(strv_freep) char **warnings = NULL;
    struct instruction in;
    int rc;

    if (!*line->text)
        return 0;
    if (file->n_all == CONTAINERFILE_STEPS_MAX)
        return err_set(err, EINVAL, "more than %d instructions",
                       CONTAINERFILE_STEPS_MAX);
    rc = instruction_parse(line, file->escape, &in, &warnings, err);
    if (rc) {
        instruction_fini(&in);
        return rc;
    }
    if (in.kind == INSTRUCTION_MAINTAINER)
        strv_add(&warnings,
                 "MAINTAINER is an old form: LABEL maintainer=... says it too");
    take_warnings(file, line->line, warnings);
    file->all = xrealloc(file->all, file->n_all + 1, sizeof(*file->all));
    file->all[file->n_all++] = in;
    return 0;
}

static int read_instructions(struct containerfile *file, const char *bytes, size_t len,
                             struct err *err)
{
    struct line_reader reader;
    unsigned int at = 1;
    int rc = lines_begin(&reader, bytes, len, &at, err);

    file->escape = reader.escape;
    while (!rc) {
        struct logical_line line = {0};

        rc = lines_next(&reader, &line, &at, err);
        if (rc <= 0)
            break;
        rc = add_instruction(file, &line, err);
        logical_line_fini(&line);
    }
    take_warnings(file, 0, reader.warnings);
    lines_end(&reader);
    return rc ? err_wrap(err, "%s:%u", file->file, at) : 0;
}

static int refuse(const struct containerfile *file, const struct instruction *in,
                  struct err *err)
{
    return err_wrap(err, "%s:%u", file->file, in->line);
}

static bool has_stage(const struct containerfile *file, const char *name)
{
    for (size_t i = 0; i < file->n_stages; i++) {
        if (file->stages[i].name && strcasecmp(file->stages[i].name, name) == 0)
            return true;
    }
    return false;
}

static int begin_stage(struct containerfile *file, struct instruction *from,
                       struct err *err)
{
    struct stage stage = {.from = from, .platform = instruction_flag(from, "platform")};

    if (instruction_from(from, &stage.image, &stage.name, err))
        return refuse(file, from, err);
    if (stage.name && has_stage(file, stage.name)) {
        (void)err_set(err, EINVAL, "FROM: there is a stage named '%.60s' already",
                      stage.name);
        return refuse(file, from, err);
    }
    if (file->n_stages == CONTAINERFILE_STAGES_MAX) {
        (void)err_set(err, EINVAL, "FROM: more than %d stages",
                      CONTAINERFILE_STAGES_MAX);
        return refuse(file, from, err);
    }
    stage.steps = from + 1;
    file->stages = xrealloc(file->stages, file->n_stages + 1, sizeof(*file->stages));
    file->stages[file->n_stages++] = stage;
    return 0;
}

static int group_stages(struct containerfile *file, struct err *err)
{
    for (size_t i = 0; i < file->n_all; i++) {
        struct instruction *in = &file->all[i];
        int rc = 0;

        if (in->kind == INSTRUCTION_FROM) {
            rc = begin_stage(file, in, err);
        } else if (file->n_stages) {
            file->stages[file->n_stages - 1].n_steps++;
        } else if (in->kind == INSTRUCTION_ARG) {
            file->n_globals++;
        } else {
            (void)err_set(err, EINVAL,
                          "%s before the first FROM: only ARG may stand there",
                          instruction_name(in->kind));
            rc = refuse(file, in, err);
        }
        if (rc)
            return rc;
    }
    if (!file->n_stages)
        return err_set(err, EINVAL, "%s: no FROM: it says what to build on",
                       file->file);
    return 0;
}

static int one_stage(struct containerfile *file, struct err *err)
{
    for (size_t i = 0; i < file->n_all; i++) {
        enum instruction_kind kind = file->all[i].kind;

        if (kind == INSTRUCTION_FROM || kind == INSTRUCTION_ONBUILD) {
            (void)err_set(err, EINVAL, "%s in a trigger", instruction_name(kind));
            return refuse(file, &file->all[i], err);
        }
    }
    file->stages = xcalloc(1, sizeof(*file->stages));
    file->n_stages = 1;
    file->stages->steps = file->all;
    file->stages->n_steps = file->n_all;
    return 0;
}

typedef int group_fn(struct containerfile *file, struct err *err);

static int parse(const char *name, const char *bytes, size_t len, group_fn *group,
                 struct containerfile **ret, struct err *err)
{
    cleanup(containerfile_freep) struct containerfile *file = xcalloc(1, sizeof(*file));
    int rc;

    file->file = xstrdup(name);
    if (len > CONTAINERFILE_BYTES_MAX)
        return err_set(err, EINVAL, "%s: more than %u bytes", name,
                       CONTAINERFILE_BYTES_MAX);
    rc = read_instructions(file, bytes, len, err);
    if (!rc)
        rc = group(file, err);
    if (rc)
        return rc;
    *ret = take(file);
    return 0;
}

int containerfile_parse(const char *file, const char *bytes, size_t len,
                        struct containerfile **ret, struct err *err)
{
    return parse(file, bytes, len, group_stages, ret, err);
}

int containerfile_parse_triggers(const char *file, const char *bytes, size_t len,
                                 struct containerfile **ret, struct err *err)
{
    return parse(file, bytes, len, one_stage, ret, err);
}

void containerfile_free(struct containerfile *file)
{
    if (!file)
        return;
    for (size_t i = 0; i < file->n_all; i++)
        instruction_fini(&file->all[i]);
    free(file->all);
    free(file->stages);
    free(file->file);
    strv_free(file->warnings);
    free(file);
}

void containerfile_freep(struct containerfile **file)
{
    containerfile_free(*file);
}
