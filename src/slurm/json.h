/* SPDX-License-Identifier: Apache-2.0
 *
 * json.h - the shapes of Slurm's JSON (and YAML): numbers with their conditions, and
 * the frame
 *
 * As data_parser v0.0.41 writes them.
 */
#ifndef BERTH_SLURM_JSON_H
#define BERTH_SLURM_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/opts.h"

/* {"set": true, "infinite": false, "number": n} */
json_t *json_number(int64_t n);
/* Not set when n is 0. */
json_t *json_number_if(int64_t n);
/* The same of a duration in minutes, TIME_UNLIMITED is infinite. */
json_t *json_limit(int64_t seconds);
/* "" for NULL. */
json_t *json_text(const char *text);
/* ["A"] */
json_t *json_flag(const char *text);

/* How a document is written. */
enum json_form { FORM_NONE, FORM_JSON, FORM_YAML };

/* Setter of --json and --yaml: the enum at opt->offset. */
int json_set_form(const struct opt *opt, const char *value, void *ctx, struct err *err);

/* Print {"NAME": value, "meta": ..., "errors": [], "warnings": []}, and free it;
 * 'value' is taken. */
void json_print_framed(const char *name, json_t *value, const char *cluster,
                       enum json_form form);

#endif
