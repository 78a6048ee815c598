#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# doc/manifests.md is what the table of fields says now.
top=${srcdir:-$(dirname "$0")/../../..}
./berth apply --explain page | diff "$top/doc/manifests.md" - && exit 0
echo "not ok: make it anew: ./berth apply --explain page >doc/manifests.md"
exit 1
