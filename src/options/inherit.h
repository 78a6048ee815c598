/* SPDX-License-Identifier: Apache-2.0
 *
 * inherit.h - from what was asked for to what is sent: JobSpec and StepSpec
 */
#ifndef BERTH_OPTIONS_INHERIT_H
#define BERTH_OPTIONS_INHERIT_H

#include "options/job_args.h"

/* Where a job comes from: its process. */
struct spec_source {
    char *const *env;    /* the caller's environment */
    const char *command; /* who asks, "berth submit" */
    char *const *argv;   /* its whole command line, for the record */
    const char *script;  /* NULL: interactive */
    size_t script_len;
    const char *script_name; /* gives the job its name; NULL: "wrap", "sbatch" */
    char *const *args;       /* of the script; NULL: none */
};

/* Complete args->spec: environment, directory, umask, limits, name, home. */
int spec_complete(struct job_args *args, const struct spec_source *source,
                  struct err *err);

/* The step that 'argv' is under 'args', as a message of its own.
 * 'in_job' leaves to the allocation what was not asked for. */
int step_spec_build(const struct job_args *args, char *const *env, char *const *argv,
                    bool in_job, Berth__StepSpec **ret_spec, struct err *err);

/* What it asks of its allocation (step_parts.c) / the programs in the file of
 * --multi-prog. */
void step_copy_parts(const struct job_args *args, Berth__StepSpec *step);
int step_read_programs(const char *path, Berth__StepSpec *step, struct err *err);

/* Warn of options that a step in a job cannot be asked for: resources and order
 * are the job's. */
void step_warn_unheard(struct job_args *args);

/* Copies for messages: a strv to a repeated field, and all limits of this
 * process that 'which' names ("ALL", "NONE", "STACK,CORE"; NULL: all). */
void spec_take_strv(char **v, size_t *ret_n, char ***ret_field);
size_t spec_rlimits(const char *which, Berth__Rlimit ***ret_rlimits);
unsigned int spec_umask(void);

#endif
