/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_elf.c - a library is refused with words, or has a name that is a file's; what
 * a program is linked with has a name that ends
 */
#include "fuzz.h"

#include <string.h>

#include "shepherd/elf_library.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {0};
    struct elf_library library;
    int rc = elf_library_read(data, size, &library, &err);

    BUG_ON(rc > 0 || (rc < 0 && !err.text[0]));
    BUG_ON(!rc && (!memchr(library.soname, '\0', sizeof(library.soname)) ||
                   strchr(library.soname, '/')));
    char name[ELF_SONAME_MAX];
    BUG_ON(elf_linked_with(data, size, "lib", name) &&
           (!memchr(name, '\0', sizeof(name)) || strncmp(name, "lib", 3) != 0));
    return 0;
}
