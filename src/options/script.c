/* SPDX-License-Identifier: Apache-2.0
 *
 * script.c - read a batch script and refuse what cannot be one
 */
#include "options/script.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"

int script_check(const char *script, size_t len, struct err *err)
{
    if (len == 0)
        return err_set(err, EINVAL, "Batch script is empty!");
    if (strspn(script, " \t\r\n\f\v") == len)
        return err_set(err, EINVAL, "Batch script contains only whitespace!");
    if (script[0] != '#' || script[1] != '!')
        return err_set(err, EINVAL,
                       "This does not look like a batch script.  The first line must "
                       "start with #! followed by the path to an interpreter, for "
                       "instance: #!/bin/sh");
    if (strlen(script) != len)
        return err_set(err, EINVAL,
                       "The batch script contains a NUL byte (\\0), so it "
                       "is not a text file");
    if (strstr(script, "\r\n"))
        return err_set(err, EINVAL,
                       "Batch script contains DOS line breaks (\\r\\n) instead of "
                       "expected UNIX line breaks (\\n)");
    return 0;
}

int script_read(const char *path, char **ret_script, size_t *ret_len, struct err *err)
{
    cleanup(freep) char *script = NULL;
    const char *name = path && strcmp(path, "-") != 0 ? path : NULL;
    size_t len;
    int rc;

    if (name)
        rc = io_read_file(name, SCRIPT_MAX, &script, &len, err);
    else
        rc = io_read_fd(STDIN_FILENO, SCRIPT_MAX, &script, &len, err);
    if (rc == -EFBIG)
        return err_set(err, EFBIG, "%s is larger than the %u MiB a script may have",
                       name ? name : "the script on stdin", SCRIPT_MAX >> 20);
    if (rc < 0)
        return rc;
    rc = script_check(script, len, err);
    if (rc < 0)
        return rc;
    *ret_script = take(script);
    *ret_len = len;
    return 0;
}

char *script_wrap(const char *command, size_t *ret_len)
{
    char *script = xasprintf("#!/bin/sh\n%s\n", command);

    *ret_len = strlen(script);
    return script;
}
