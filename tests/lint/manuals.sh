#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# groff formats every manual page without a warning.
cd "${srcdir:-$(dirname "$0")/../..}" || exit 99
command -v groff >/dev/null || { echo "no groff"; exit 77; }
bad=0
for page in doc/man/*.[1-9]; do
    words=$(groff -ww -Kutf8 -mandoc -Tutf8 -Z "$page" 2>&1 >/dev/null)
    [ -z "$words" ] || { echo "$words"; bad=1; }
done
exit $bad
