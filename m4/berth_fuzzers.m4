# SYNOPSIS
#   BERTH_FUZZERS
# DESCRIPTION
#   --enable-fuzzers links tests/fuzz with libFuzzer (needs clang). Without it
#   each target is linked with a small main that runs the files it is given,
#   which is how make check runs the corpus.
AC_DEFUN([BERTH_FUZZERS], [
  AC_ARG_ENABLE([fuzzers],
    [AS_HELP_STRING([--enable-fuzzers], [link the fuzz targets with libFuzzer])])
  berth_fuzzers=no
  AS_IF([test "x$enable_fuzzers" = xyes], [
    berth_fuzzers=yes
    BERTH_CFLAGS="$BERTH_CFLAGS -fsanitize=fuzzer-no-link"
    BERTH_LDFLAGS="$BERTH_LDFLAGS -fsanitize=fuzzer-no-link"
    FUZZ_LDFLAGS=-fsanitize=fuzzer])
  AC_SUBST([FUZZ_LDFLAGS])
  AM_CONDITIONAL([FUZZERS], [test "x$berth_fuzzers" = xyes])
])
