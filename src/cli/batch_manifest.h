/* SPDX-License-Identifier: Apache-2.0
 *
 * batch_manifest.h - kind BatchJob: what 'berth submit' can be told, as an object
 *
 *     apiVersion: berth/v1
 *     kind: BatchJob
 *     metadata: {name: solve}
 *     spec:
 *       nodes: 4
 *       cpusPerTask: 8
 *       script: |
 *         #!/bin/sh
 *         berth run ./solver
 *
 * Fields are the long options in camel case, made of the table of options
 * (options/job_args.h), so that there is one list; values are judged by the options'
 * own setters.
 */
#ifndef BERTH_CLI_BATCH_MANIFEST_H
#define BERTH_CLI_BATCH_MANIFEST_H

#include "objects/kinds.h"
#include "objects/manifest.h"
#include "options/job_args.h"

/* The kind; made once, kept to the end. */
const struct mf_kind *batch_kind(void);

/* What an accepted BatchJob asks for, as 'berth submit' would: its options are stronger
 * than the lines '#BERTH' of its script, and nothing comes from variables. 'args' is
 * from job_args_init, its spec is complete afterwards. -Exxx with words. */
int batch_manifest_read(const struct mf_object *object, struct job_args *args,
                        struct err *err);

#endif
