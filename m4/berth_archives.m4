# SYNOPSIS
#   BERTH_ARCHIVES([LIBRARY...])
# DESCRIPTION
#   Sets QUICK_LDFLAGS, for a program of the user's that is started so often, and
#   does so little each time, that its start is what it costs: it has those of the
#   libraries in it that are here as archives (found through links in the directory
#   "archives"), and can be linked into a program of the compiler's default kind: what
#   is not position-independent cannot. --disable-archives leaves it as other programs
#   are; so do sanitizers, which come before this.
AC_DEFUN([BERTH_ARCHIVES], [
  AC_ARG_ENABLE([archives],
    [AS_HELP_STRING([--disable-archives],
      [link shared libraries alone: commands start slower])])
  QUICK_LDFLAGS=
  berth_archives=
  rm -rf archives
  mkdir archives
  AS_IF([test "x$enable_archives" != xno && test -z "$berth_sanitizers"], [
    for library in $1; do
      archive=`$CC -print-file-name=lib$library.a`
      AS_IF([test -f "$archive"], [
        AC_MSG_CHECKING([whether lib$library.a can be linked into programs])
        berth_libs=$LIBS
        LIBS="-Wl,--whole-archive $archive -Wl,--no-whole-archive -lm -lpthread $LIBS"
        AC_LINK_IFELSE([AC_LANG_PROGRAM], [
          AC_MSG_RESULT([yes])
          ln -s "$archive" archives
          berth_archives="$berth_archives $library"
        ], [AC_MSG_RESULT([no])])
        LIBS=$berth_libs])
    done
    QUICK_LDFLAGS='-L$(abs_builddir)/archives'])
  AC_SUBST([QUICK_LDFLAGS])
])
