# SYNOPSIS
#   BERTH_WARNINGS
# DESCRIPTION
#   Puts the project's warning flags in BERTH_CFLAGS. --enable-werror makes
#   them errors.
AC_DEFUN([BERTH_WARNINGS], [
  BERTH_CFLAGS="-std=gnu11 -fvisibility=hidden -Wall -Wextra -Wshadow \
-Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wcast-qual \
-Wpointer-arith -Wformat=2 -Wswitch-enum -Wvla"
  AC_ARG_ENABLE([werror],
    [AS_HELP_STRING([--enable-werror], [treat warnings as errors])])
  AS_IF([test "x$enable_werror" = xyes], [BERTH_CFLAGS="$BERTH_CFLAGS -Werror"])
  AC_SUBST([BERTH_CFLAGS])
])
