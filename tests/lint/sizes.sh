#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# No source file over 700 lines, no function over 100, no folder's README over 60;
# every folder of src/ has one.
cd "${srcdir:-$(dirname "$0")/../..}" || exit 99
bad=0
for folder in src/*/; do
    case $folder in src/include/) continue ;; esac
    [ -f "$folder/README.md" ] || { echo "$folder: no README.md"; bad=1; }
done
find src plugins tests -name '*.[ch]' ! -name '*.pb-c.[ch]' -o -name '*.py' \
    -o -name README.md | sort | xargs awk '
function too_long(what, lines, most) {
    if (lines <= most) return
    print what ": " lines " lines, more than " most
    bad = 1
}
function end_file() {
    too_long(file, last, file ~ /README\.md$/ ? 60 : 700)
}
FNR == 1 { if (file) end_file(); file = FILENAME; begun = 0 }
{ last = FNR }
FILENAME ~ /\.c$/ && /^\{/ { begun = FNR }
FILENAME ~ /\.c$/ && /^\}/ {
    if (begun) too_long(file ":" begun ": a function", FNR - begun - 1, 100)
    begun = 0
}
END { end_file(); exit bad }
' || bad=1
exit $bad
