# SYNOPSIS
#   BERTH_SANITIZERS
# DESCRIPTION
#   --enable-sanitizers[=LIST] builds everything with -fsanitize=LIST (address
#   and undefined when no list is given), and makes each finding fatal.
AC_DEFUN([BERTH_SANITIZERS], [
  AC_ARG_ENABLE([sanitizers],
    [AS_HELP_STRING([--enable-sanitizers@<:@=LIST@:>@],
      [build with sanitizers (default address,undefined)])])
  berth_sanitizers=
  AS_CASE([${enable_sanitizers:-no}],
    [no], [],
    [yes], [berth_sanitizers=address,undefined],
    [berth_sanitizers=$enable_sanitizers])
  AS_IF([test -n "$berth_sanitizers"], [
    BERTH_CFLAGS="$BERTH_CFLAGS -fsanitize=$berth_sanitizers \
-fno-sanitize-recover=all -fno-omit-frame-pointer"
    BERTH_LDFLAGS="-fsanitize=$berth_sanitizers"])
  AC_SUBST([BERTH_LDFLAGS])
  AM_CONDITIONAL([SANITIZERS], [test -n "$berth_sanitizers"])
])
