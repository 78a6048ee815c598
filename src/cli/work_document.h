/* SPDX-License-Identifier: Apache-2.0
 *
 * work_document.h - manifests of pods, Jobs and CronJobs, made of a few words
 *
 * They are judged as any that somebody has written.
 */
#ifndef BERTH_CLI_WORK_DOCUMENT_H
#define BERTH_CLI_WORK_DOCUMENT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

/* Borrowed but for 'env', a strv. */
struct work_words {
    const char *image;
    const char *schedule, *restart, *port, *labels; /* NULL: unsaid */
    char **env;                                     /* "NAME=VALUE" */
    char *const *words; /* the program, or its arguments; NULL-terminated; NULL: none */
    bool is_command;    /* of a pod: these are the program */
};

/* An object with a name and nothing else. */
json_t *work_document_begin(const char *api, const char *kind, const char *name);

/* New references; NULL with words that name the option. */
json_t *work_document_pod(const char *name, const struct work_words *words,
                          struct err *err);
json_t *work_document_job(const char *name, const struct work_words *words,
                          struct err *err);
json_t *work_document_cron_job(const char *name, const struct work_words *words,
                               struct err *err);
/* The Job that the CronJob 'cron' (its document) would make now. */
json_t *work_document_job_of_cron(const char *name, json_t *cron);

#endif
