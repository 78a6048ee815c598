/* SPDX-License-Identifier: Apache-2.0
 *
 * config.h - an image's configuration while it is being built
 *
 * OCI's document as JSON, so that what a base image says and Berth does not know is
 * kept. Pure. Formats: OCI image-spec 1.1; Healthcheck, OnBuild and Shell are
 * Docker's.
 */
#ifndef BERTH_BUILD_CONFIG_H
#define BERTH_BUILD_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct image_config; /* a JSON object, in fact */

/* One for "FROM scratch"; one from a document (-EINVAL with words); a copy. */
struct image_config *config_scratch(const char *arch);
int config_read(const char *bytes, size_t len, struct image_config **ret,
                struct err *err);
struct image_config *config_copy(const struct image_config *config);
void config_free(struct image_config *config);
void config_freep(struct image_config **config);

/* The document, keys sorted; the caller frees it. */
char *config_text(const struct image_config *config);

/* Its "config" alone: what a container would be started with. */
char *config_settings(const struct image_config *config);

/* Members of its "config". NULL value or list: taken out. */
void config_set_text(struct image_config *config, const char *key, const char *value);
void config_set_list(struct image_config *config, const char *key, char *const *list);
/* Lists of words, in a strv the caller frees; NULL when there is none. */
char **config_list(const struct image_config *config, const char *key);
const char *config_get_text(const struct image_config *config, const char *key);
void config_add_to_list(struct image_config *config, const char *key, const char *word);
/* Objects: ExposedPorts and Volumes have empty values, Labels texts. */
void config_add_key(struct image_config *config, const char *key, const char *name);
void config_set_label(struct image_config *config, const char *name, const char *value);
void config_setenv(struct image_config *config, const char *name, const char *value);
/* 'test' is a strv; times in nanoseconds, 0: not said. */
struct config_health {
    char **test;
    int64_t interval, timeout, start_period, start_interval, retries;
};
void config_set_health(struct image_config *config, const struct config_health *health);

/* Members of the document itself. */
void config_set_author(struct image_config *config, const char *author);
/* What one instruction did, at 'when' (seconds since the epoch); 'diff_id' is its
 * layer's, NULL when it made none. "created" becomes 'when'. */
void config_add_history(struct image_config *config, const char *by, int64_t when,
                        const char *diff_id);
/* "created", in seconds since the epoch; 0 when it does not say. */
int64_t config_created(const struct image_config *config);
const char *config_os(const struct image_config *config);
const char *config_arch(const struct image_config *config);

#endif
