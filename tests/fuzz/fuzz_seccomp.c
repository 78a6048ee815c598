/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_seccomp.c - a profile is refused with words or makes a filter
 */
#include "fuzz.h"

#include <seccomp.h>

#include "container/seccomp_profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {0};
    scmp_filter_ctx ctx = NULL;
    int rc = seccomp_profile_read((const char *)data, size, &ctx, &err);

    BUG_ON(rc > 0 || (rc == 0) != (ctx != NULL) || (rc < 0 && !err.text[0]));
    seccomp_release(ctx);
    return 0;
}
