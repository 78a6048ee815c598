/* SPDX-License-Identifier: Apache-2.0
 *
 * image_build_job.h - berth image build --job: the same build on a node
 */
#ifndef BERTH_CLI_IMAGE_BUILD_JOB_H
#define BERTH_CLI_IMAGE_BUILD_JOB_H

/* Run this very command, without --job, as the one task of a job that has the
 * options 'job' of berth run (NULL: none). The node sees context and store at the
 * same paths, or the build says that it does not. 'argv' is the verb's; 'context' and
 * 'file' (or NULL) are words of it. The exit status is the build's. */
int image_build_job(const char *job, int argc, char **argv, const char *context,
                    const char *file);

#endif
