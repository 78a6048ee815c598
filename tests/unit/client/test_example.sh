#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The program of doc/libberth.md is doc/examples/submit.c, links with what libberth
# exports, and says why when there is no cluster.
srcdir=${srcdir:-$(dirname "$0")/../../..}
sed -n '/^```c$/,/^```$/p' "$srcdir/doc/libberth.md" | sed '1d;$d' |
    diff - "$srcdir/doc/examples/submit.c" || exit 1
words=$(BERTH_CONF=/nonexistent/berth.yaml doc/examples/submit 2>&1)
status=$?
[ $status -eq 1 ] && [ "$words" = "/nonexistent/berth.yaml: No such file or directory" ] ||
    { echo "status $status: $words"; exit 1; }
