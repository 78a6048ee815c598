/* SPDX-License-Identifier: Apache-2.0
 *
 * pick.h - which of several images is meant
 */
#ifndef BERTH_IMAGE_PICK_H
#define BERTH_IMAGE_PICK_H

#include <stdbool.h>

#include "base/err.h"

/* What an image has to run on; "" is any. */
struct platform {
    char os[16], arch[16], variant[16];
};

/* "OS/ARCH[/VARIANT]", or "ARCH" alone for linux. -EINVAL with words. */
int platform_parse(const char *text, struct platform *ret, struct err *err);
/* linux on this machine. */
struct platform platform_here(void);
/* Does something made for these (NULL or "": not said) run on 'want'? */
bool platform_fits(const struct platform *want, const char *os, const char *arch,
                   const char *variant);
/* "linux/arm64/v8", in memory the caller frees. */
char *platform_format(const struct platform *platform);

/* Does 'name', as its maker wrote it ("docker.io/library/debian:12", "debian:12", in
 * an OCI layout also only "12"), mean what 'want' does (a full name, or as given)? */
bool pick_is_called(const char *name, const char *want);

#endif
