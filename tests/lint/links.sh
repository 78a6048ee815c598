#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every file that a Markdown page links to is there.
cd "${srcdir:-$(dirname "$0")/../..}" || exit 99
bad=0
for page in README.md doc/*.md doc/design/*.md src/*/README.md; do
    for link in $(grep -oE '\]\([^)# ]+' "$page" | cut -c3- | grep -v '^http'); do
        [ -e "$(dirname "$page")/$link" ] ||
            { echo "$page: there is no $link"; bad=1; }
    done
done
exit $bad
