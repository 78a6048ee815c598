/* SPDX-License-Identifier: Apache-2.0
 *
 * load_error.c - what the commands that ask say when they get no answer
 */
#include "slurm/load_error.h"

#include <stdio.h>

#include "base/mem.h"
#include "slurm/errors.h"
#include "slurm/slurm.h"

int load_error(const char *call, const struct berth_err *err)
{
    cleanup(freep) char *words = slurm_error_words(err->code, err->text);

    fprintf(stderr, "%s error: %s\n", call, words);
    return SLURM_FAILED;
}
