#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each header compiles alone: it includes what it needs. CC and LINT_CPPFLAGS come
# from make check.
[ -n "$LINT_CPPFLAGS" ] || { echo "run by make check, which knows the flags"; exit 77; }
bad=0
: "${srcdir:=.}"
for header in $(cd "$srcdir" && find src plugins -name '*.h' ! -name '*.pb-c.h' | sort); do
    # shellcheck disable=SC2086
    echo "#include \"$header\"" |
        $CC -I"$srcdir" $LINT_CPPFLAGS -fsyntax-only -x c - ||
        { echo "$header does not compile alone"; bad=1; }
done
exit $bad
