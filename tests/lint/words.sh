#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each source file begins with its licence and a comment that names it; nothing is
# marked as unfinished; no path of a developer's machine is written down.
cd "${srcdir:-$(dirname "$0")/../..}" || exit 99
sources=$(find src plugins tests -name '*.[ch]' ! -name '*.pb-c.[ch]' | sort)
bad=0

for file in $sources; do
    name=$(basename "$file")
    head -n 1 "$file" | grep -q '^/\* SPDX-License-Identifier: Apache-2.0' ||
        { echo "$file:1: no licence"; bad=1; }
    head -n 4 "$file" | grep -qF "$name - " ||
        { echo "$file:3: no words on what $name is for"; bad=1; }
done

# The words are put together here so that this file does not name itself.
marks="TO""DO|FIX""ME|HA""CK"
paths="/home/[a-z]+/|/Users/|/root/[a-z]"
# shellcheck disable=SC2086
if grep -nE "$marks" $sources; then
    echo "marks of unfinished work, above"
    bad=1
fi
# shellcheck disable=SC2086
if grep -nE "$paths" $sources | grep -v '^tests/'; then
    echo "paths of somebody's machine, above"
    bad=1
fi
exit $bad
