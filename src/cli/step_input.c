/* SPDX-License-Identifier: Apache-2.0
 *
 * step_input.c - what task 0 reads from its stdin
 */
#include "cli/step_input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static bool is_in_background(void)
{
    return isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) != getpgrp();
}

int step_input_open(struct step_input *input, const char *text, struct err *err)
{
    *input = (struct step_input){.fd = -1};
    if (strcmp(text, "none") == 0)
        return 0;
    if (text[0] == '\0' || strcmp(text, "all") == 0 || strcmp(text, "0") == 0) {
        if (fcntl(STDIN_FILENO, F_GETFD) >= 0 && !is_in_background())
            input->fd = STDIN_FILENO;
        return 0;
    }
    if (text[strspn(text, "0123456789")] == '\0')
        return err_set(err, ENOTSUP, "--input=%s: only task 0 can have the input",
                       text);
    input->fd = open(text, O_RDONLY | O_CLOEXEC);
    if (input->fd < 0)
        return err_sys(err, errno, "cannot read %s", text);
    return 0;
}

bool step_input_is_open(const struct step_input *input)
{
    return input->fd >= 0;
}

void step_input_close(struct step_input *input)
{
    if (input->fd > STDIN_FILENO)
        close(input->fd);
    input->fd = -1;
}

ssize_t step_input_read(struct step_input *input, void *bytes, size_t size)
{
    ssize_t n = read(input->fd, bytes, size);

    input->is_ready = false;
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return -EAGAIN;
    if (n > 0)
        return n;
    /* An unreadable input (a terminal that went away) has ended, too. */
    step_input_close(input);
    return 0;
}
