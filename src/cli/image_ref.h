/* SPDX-License-Identifier: Apache-2.0
 *
 * image_ref.h - from the name of an image to its digest and store
 */
#ifndef BERTH_CLI_IMAGE_REF_H
#define BERTH_CLI_IMAGE_REF_H

#include "base/err.h"
#include "client/berth.h"
#include "options/job_args.h"

/* Fill image_digest and image_store of 'container': the image is looked up in
 * the user's store, then in the site's, as the configuration 'config' (NULL:
 * found) names them. When no image is named, the configuration's fallback is
 * taken, if it has one; "none" is no image in any case. -ENOENT with the
 * nearest name when neither store has it; -ENODATA when there is no
 * configuration to tell the stores. */
int image_ref_resolve(const char *config, Berth__ContainerSpec *container,
                      struct err *err);

/* The same, and what the image is made to run: its ENTRYPOINT (or --entrypoint) and
 * its CMD, an strv of the caller's. -EINVAL when it is made to run nothing. */
int image_ref_command(const struct job_args *args, char ***ret_argv, struct err *err);

#endif
