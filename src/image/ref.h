/* SPDX-License-Identifier: Apache-2.0
 *
 * ref.h - names of images
 *
 * [HOST[:PORT]/]NAME[/NAME...][:TAG]; each NAME is letters, digits, '_', '.'
 * and '-', beginning with a letter or digit. The tag is "latest" when absent.
 */
#ifndef BERTH_IMAGE_REF_H
#define BERTH_IMAGE_REF_H

#include "base/err.h"

#define REF_MAX 200

/* The full name, with its tag, in memory the caller frees. */
int ref_normalise(const char *text, char **ret, struct err *err);

/* A full name as a file name and back: '/' is written '@', which no name has. */
char *ref_to_file(const char *name);
char *ref_from_file(const char *file);

#endif
