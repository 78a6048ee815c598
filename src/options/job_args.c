/* SPDX-License-Identifier: Apache-2.0
 *
 * job_args.c - the life of what submit, run and alloc were asked for
 */
#include "options/job_args.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/strv.h"
#include "options/components.h"

void job_args_init(struct job_args *args, int64_t now)
{
    *args = (struct job_args){.now = now, .immediate = -1};
    (void)components_select(args, 0, NULL);
}

void job_args_fini(struct job_args *args)
{
    for (size_t i = 0; i < args->n_components; i++)
        berth__job_spec__free_unpacked(args->components[i], NULL);
    free(args->components);
    free(args->export);
    free(args->wrap);
    free(args->config);
    free(args->mpi);
    free(args->export_file);
    free(args->user_env);
    free(args->propagate);
    free(args->task_prolog);
    free(args->task_epilog);
    free(args->key);
    free(args->clusters);
    free(args->bag.file);
    free(args->bag.range);
    free(args->bag.log);
    strv_free(args->task_nodes);
    strv_free(args->pods);
    strv_free(args->warnings);
    *args = (struct job_args){0};
}

void job_args_warn(struct job_args *args, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (!strv_has(args->warnings, text))
        strv_add(&args->warnings, text);
}

void spec_take_string(char **field, char *value)
{
    if (*field != protobuf_c_empty_string)
        free(*field);
    *field = value;
}
