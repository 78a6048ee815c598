/* SPDX-License-Identifier: Apache-2.0
 *
 * tty.c - our terminal as the far end of another one
 *
 * A terminal outlives us: however we end, it must be as it was.
 */
#include "cli/tty.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>

static struct termios before;
static int raw_fd = -1;

void tty_restore(void)
{
    if (raw_fd >= 0)
        (void)tcsetattr(raw_fd, TCSADRAIN, &before);
    raw_fd = -1;
}

/* Remember how it was, for however we end. */
static int keep(int fd)
{
    static bool is_registered;

    if (tcgetattr(fd, &before) < 0)
        return -errno;
    if (!is_registered && atexit(tty_restore) != 0)
        return -ENOMEM;
    is_registered = true;
    return 0;
}

static int change(int fd, const struct termios *how)
{
    if (tcsetattr(fd, TCSADRAIN, how) < 0)
        return -errno;
    raw_fd = fd;
    return 0;
}

int tty_raw(int fd)
{
    struct termios raw;
    int rc = keep(fd);

    if (rc < 0)
        return rc;
    raw = before;
    cfmakeraw(&raw);
    return change(fd, &raw);
}

int tty_keys(int fd)
{
    struct termios keys;
    int rc = keep(fd);

    if (rc < 0)
        return rc;
    keys = before;
    keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    return change(fd, &keys);
}

void tty_size(int fd, uint32_t *ret_rows, uint32_t *ret_columns)
{
    struct winsize size;
    bool is_known = ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col;

    *ret_rows = is_known ? size.ws_row : 24;
    *ret_columns = is_known ? size.ws_col : 80;
}
