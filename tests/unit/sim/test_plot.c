/* SPDX-License-Identifier: Apache-2.0
 *
 * test_plot.c - pictures that other programs would read
 */
#include "sim/plot.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char *draw(const struct outcome *outcomes, size_t n, uint64_t procs,
                  enum canvas_format format, size_t *ret_len)
{
    struct canvas *canvas = plot_draw(outcomes, n, procs, "t<1> & easy", format);
    char *bytes = NULL;
    struct err err = {0};
    FILE *out = open_memstream(&bytes, ret_len);

    assert_non_null(out);
    assert_int_equal(canvas_write(canvas, out, &err), 0);
    assert_int_equal(fclose(out), 0);
    canvas_destroy(canvas);
    return bytes;
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;

    for (; (text = strstr(text, what)); text++)
        n++;
    return n;
}

static void few_jobs_are_bars_in_lanes_of_their_own(void **state)
{
    /* The third finds two lanes of the first free, and one of the second. */
    const struct outcome outcomes[] = {
        {.start = 0, .end = 50, .procs = 2},
        {.start = 0, .end = 100, .procs = 1},
        {.submit = 20, .start = 50, .end = 100, .procs = 3}};
    size_t len;
    cleanup(freep) char *svg = draw(outcomes, 3, 4, CANVAS_SVG, &len);

    (void)state;
    assert_int_equal(strncmp(svg, "<svg ", 5), 0);
    assert_string_equal(svg + len - 7, "</svg>\n");
    assert_non_null(strstr(svg, "t&lt;1> &amp; easy"));
    /* The bar of one processor, and the third job's two, in lanes 0-1 and 3; each
     * colour is in the legend once more. */
    assert_int_equal(count(svg, "fill=\"#4575b4\""), 1 + 1);
    assert_int_equal(count(svg, "fill=\"#74add1\""), 3 + 1);
}

static void many_jobs_are_areas(void **state)
{
    struct outcome outcomes[PLOT_BARS_JOBS + 1];
    size_t len;

    (void)state;
    for (int i = 0; i <= PLOT_BARS_JOBS; i++)
        outcomes[i] =
            (struct outcome){.submit = i, .start = i, .end = i + 1, .procs = 1};
    cleanup(freep) char *svg = draw(outcomes, PLOT_BARS_JOBS + 1, 1, CANVAS_SVG, &len);
    /* The machine is full all the time: each column has its full height. */
    assert_int_equal(count(svg, "height=\"340\" fill=\"#4575b4\""), 1080);
    assert_int_equal(count(svg, "fill=\"#8073ac\""), 0);
}

static uint32_t be32(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
           (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Walk the chunks, check their checksums, and unpack the pixels. */
static unsigned char *unpack_png(const unsigned char *png, size_t len, uLongf size)
{
    static const unsigned char signature[] = {0x89, 'P', 'N', 'G', 13, 10, 26, 10};
    unsigned char *pixels = xmalloc(size);
    size_t at = sizeof(signature), chunks = 0;

    assert_memory_equal(png, signature, sizeof(signature));
    while (at + 12 <= len) {
        const uint32_t n = be32(png + at);

        assert_true(at + 12 + n <= len);
        assert_int_equal(crc32(0, png + at + 4, n + 4), be32(png + at + 8 + n));
        if (memcmp(png + at + 4, "IHDR", 4) == 0) {
            assert_int_equal(be32(png + at + 8), 1200);
            assert_int_equal(be32(png + at + 12), 620);
        }
        if (memcmp(png + at + 4, "IDAT", 4) == 0)
            assert_int_equal(uncompress(pixels, &size, png + at + 8, n), Z_OK);
        chunks++;
        at += 12 + n;
    }
    assert_int_equal(at, len);
    assert_int_equal(chunks, 3);
    assert_int_equal(size, 620 * (1 + 3 * 1200));
    return pixels;
}

static void a_png_has_the_pixels(void **state)
{
    const struct outcome outcomes[] = {{.start = 0, .end = 50, .procs = 4}};
    const size_t row = 1 + 3 * 1200;
    size_t len;
    cleanup(freep) char *png = draw(outcomes, 1, 4, CANVAS_PNG, &len);
    cleanup(freep) unsigned char *pixels =
        unpack_png((unsigned char *)png, len, 620 * row);
    const unsigned char *middle = pixels + 200 * row + 1 + 3 * (size_t)600;

    (void)state;
    assert_int_equal(pixels[1] << 16 | pixels[2] << 8 | pixels[3], 0xffffff);
    assert_int_equal(middle[0] << 16 | middle[1] << 8 | middle[2], 0x74add1);
}

static void nothing_to_draw_is_a_picture_too(void **state)
{
    const struct outcome refused[] = {{.start = -1, .procs = 0}};
    const struct outcome at_once[] = {{.submit = 5, .start = 5, .end = 5, .procs = 1}};
    size_t len;
    cleanup(freep) char *none = draw(NULL, 0, 4, CANVAS_SVG, &len);
    cleanup(freep) char *one = draw(refused, 1, 4, CANVAS_SVG, &len);
    cleanup(freep) char *point = draw(at_once, 1, 4, CANVAS_PNG, &len);

    (void)state;
    assert_non_null(strstr(none, "</svg>"));
    assert_non_null(strstr(one, "</svg>"));
    assert_true(len > 100 && point);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_jobs_are_bars_in_lanes_of_their_own),
        cmocka_unit_test(many_jobs_are_areas),
        cmocka_unit_test(a_png_has_the_pixels),
        cmocka_unit_test(nothing_to_draw_is_a_picture_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
