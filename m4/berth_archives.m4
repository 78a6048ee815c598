# SYNOPSIS
#   BERTH_ARCHIVES([LIBRARY...])
# DESCRIPTION
#   Sets QUICK_LDFLAGS, for a program of the user's that is started so often, and
#   does so little each time, that its start is what it costs: it has those of the
#   libraries in it that are here as archives (found through links in the directory
#   "archives"). --disable-archives leaves it as other programs are; so do
#   sanitizers, which come before this.
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
        ln -s "$archive" archives
        berth_archives="$berth_archives $library"])
    done
    QUICK_LDFLAGS='-L$(abs_builddir)/archives'])
  AC_SUBST([QUICK_LDFLAGS])
])
