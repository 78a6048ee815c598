/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_bag.c - lines of a bag are the same however they are fed; any log is read or
 * refused, and what was read of it can be read again
 */
#include "fuzz.h"

#include "base/err.h"
#include "base/mem.h"
#include "cli/bag_lines.h"
#include "cli/bag_log.h"
#include "cli/bag_words.h"

#include <string.h>

/* All commands, their arguments one after the other. */
static void read_lines(const uint8_t *data, size_t size, size_t step,
                       struct strbuf *ret)
{
    struct bag_lines lines = {.number = 0};
    struct strbuf argv = STRBUF_INIT;
    const char *line;
    struct err err;
    int rc = 0;

    for (size_t at = 0; at <= size && rc >= 0; at += step) {
        if (at + step < size)
            bag_lines_feed(&lines, data + at, step);
        else
            bag_lines_feed(&lines, data + at, size - at);
        if (at + step >= size)
            bag_lines_end(&lines);
        while ((rc = bag_lines_next(&lines, &line, &err)) > 0) {
            bag_line_argv(line, &argv);
            BUG_ON(argv.len == 0 || argv.s[argv.len - 1]);
            strbuf_add(ret, argv.s, argv.len);
        }
        if (at + step >= size)
            break;
    }
    strbuf_fini(&argv);
    bag_lines_fini(&lines);
}

static void check_lines(const uint8_t *data, size_t size)
{
    struct strbuf whole = STRBUF_INIT, pieces = STRBUF_INIT;

    read_lines(data, size, size + 1, &whole);
    read_lines(data, size, 7, &pieces);
    BUG_ON(whole.len != pieces.len);
    BUG_ON(whole.len && memcmp(whole.s, pieces.s, whole.len) != 0);
    strbuf_fini(&whole);
    strbuf_fini(&pieces);
}

static void check_log(const uint8_t *data, size_t size)
{
    struct bag_done *done, *again;
    size_t good, good_again;
    bool complete;

    if (bag_done_read((const char *)data, size, &done, &good, &complete, NULL))
        return;
    BUG_ON(good > size);
    BUG_ON(
        bag_done_read((const char *)data, good, &again, &good_again, &complete, NULL));
    BUG_ON(good_again != good || bag_done_count(done) != bag_done_count(again));
    bag_done_destroy(done);
    bag_done_destroy(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_lines(data, size);
    check_log(data, size);
    return 0;
}
