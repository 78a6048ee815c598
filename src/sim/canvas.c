/* SPDX-License-Identifier: Apache-2.0
 *
 * canvas.c - SVG elements as they are drawn, or pixels for PNG at the end
 */
#include "sim/canvas.h"

#include "base/mem.h"
#include "base/strbuf.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#define SIDE_MAX 8192
#define DIGIT_WIDTH 6
#define DIGIT_HEIGHT 9
#define DIGIT_ADVANCE 8

struct canvas {
    enum canvas_format format;
    unsigned int width, height;
    struct strbuf svg;
    /* PNG: rows of a filter byte (0: none) and three bytes a pixel. */
    unsigned char *pixels;
};

static size_t row_size(const struct canvas *canvas)
{
    return 1 + 3 * (size_t)canvas->width;
}

struct canvas *canvas_create(enum canvas_format format, unsigned int width,
                             unsigned int height)
{
    struct canvas *canvas = xcalloc(1, sizeof(*canvas));

    BUG_ON(width == 0 || height == 0 || width > SIDE_MAX || height > SIDE_MAX);
    canvas->format = format;
    canvas->width = width;
    canvas->height = height;
    if (format == CANVAS_PNG)
        canvas->pixels = xcalloc(height, row_size(canvas));
    canvas_rect(canvas, 0, 0, width, height, 0xffffff);
    return canvas;
}

void canvas_destroy(struct canvas *canvas)
{
    if (!canvas)
        return;
    strbuf_fini(&canvas->svg);
    free(canvas->pixels);
    free(canvas);
}

/* Whole pixels from 'at' on: at least one, none outside. */
static void clip(double at, double size, unsigned int limit, unsigned int *ret_first,
                 unsigned int *ret_end)
{
    const double first = fmin(fmax(floor(at + 0.5), 0), limit);
    const double end = fmin(fmax(floor(at + size + 0.5), first), limit);

    *ret_first = (unsigned int)first;
    *ret_end = end > first || first >= limit || size <= 0 ? (unsigned int)end
                                                          : (unsigned int)first + 1;
}

static void fill(struct canvas *canvas, double x, double y, double width, double height,
                 uint32_t colour)
{
    unsigned int left, right, top, bottom;

    clip(x, width, canvas->width, &left, &right);
    clip(y, height, canvas->height, &top, &bottom);
    for (unsigned int row = top; row < bottom; row++) {
        unsigned char *pixel =
            canvas->pixels + row * row_size(canvas) + 1 + 3 * (size_t)left;

        for (unsigned int column = left; column < right; column++) {
            *pixel++ = (unsigned char)(colour >> 16);
            *pixel++ = (unsigned char)(colour >> 8);
            *pixel++ = (unsigned char)colour;
        }
    }
}

void canvas_rect(struct canvas *canvas, double x, double y, double width, double height,
                 uint32_t colour)
{
    if (canvas->format == CANVAS_PNG)
        fill(canvas, x, y, width, height, colour);
    else
        strbuf_printf(&canvas->svg,
                      "<rect x=\"%.6g\" y=\"%.6g\" width=\"%.6g\" height=\"%.6g\" "
                      "fill=\"#%06x\"/>\n",
                      x, y, width, height, colour);
}

/* The segments of a digit, from the least bit: top, upper right, lower right, bottom,
 * lower left, upper left, middle. */
static unsigned int segments_of(char c)
{
    static const unsigned char digits[] = {0x3f, 0x06, 0x5b, 0x4f, 0x66,
                                           0x6d, 0x7d, 0x07, 0x7f, 0x6f};

    return c >= '0' && c <= '9' ? digits[c - '0'] : c == '-' ? 0x40 : 0;
}

static void draw_digit(struct canvas *canvas, double x, double y, char c)
{
    static const struct {
        unsigned char x, y, width, height;
    } segments[] = {{0, 0, 6, 1}, {5, 0, 1, 5}, {5, 4, 1, 5}, {0, 8, 6, 1},
                    {0, 4, 1, 5}, {0, 0, 1, 5}, {0, 4, 6, 1}};
    const unsigned int lit = segments_of(c);

    for (size_t i = 0; i < ARRAY_SIZE(segments); i++)
        if (lit & (1U << i))
            fill(canvas, x + segments[i].x, y + segments[i].y, segments[i].width,
                 segments[i].height, 0x333333);
    if (c == '.')
        fill(canvas, x + 2, y + DIGIT_HEIGHT - 1, 1, 1, 0x333333);
}

static void draw_digits(struct canvas *canvas, double x, double y,
                        enum canvas_anchor anchor, const char *text)
{
    const size_t len = strspn(text, "0123456789-.");
    const double width = (double)len * DIGIT_ADVANCE - (DIGIT_ADVANCE - DIGIT_WIDTH);

    if (anchor != CANVAS_LEFT)
        x -= anchor == CANVAS_RIGHT ? width : width / 2;
    for (size_t i = 0; i < len; i++)
        draw_digit(canvas, x + (double)(i * DIGIT_ADVANCE), y - DIGIT_HEIGHT, text[i]);
}

void canvas_text(struct canvas *canvas, double x, double y, enum canvas_anchor anchor,
                 const char *text)
{
    static const char *const anchors[] = {"start", "middle", "end"};

    if (canvas->format == CANVAS_PNG) {
        draw_digits(canvas, x, y, anchor, text);
        return;
    }
    strbuf_printf(&canvas->svg, "<text x=\"%.6g\" y=\"%.6g\" text-anchor=\"%s\">", x, y,
                  anchors[anchor]);
    for (; *text; text++)
        switch (*text) {
        case '<':
            strbuf_puts(&canvas->svg, "&lt;");
            break;
        case '&':
            strbuf_puts(&canvas->svg, "&amp;");
            break;
        default:
            strbuf_putc(&canvas->svg, *text);
        }
    strbuf_puts(&canvas->svg, "</text>\n");
}

static void write_svg(struct canvas *canvas, FILE *out)
{
    (void)fprintf(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
        "viewBox=\"0 0 %u %u\" font-family=\"sans-serif\" font-size=\"12\" "
        "fill=\"#333\">\n%s</svg>\n",
        canvas->width, canvas->height, canvas->width, canvas->height,
        canvas->svg.s ? canvas->svg.s : "");
}

static void put_be32(unsigned char *to, uint32_t value)
{
    for (unsigned int i = 0; i < 4; i++)
        to[i] = (unsigned char)(value >> (24 - 8 * i));
}

/* Length, type, bytes, checksum of type and bytes. */
static void write_chunk(FILE *out, const char *type, const unsigned char *bytes,
                        uint32_t len)
{
    unsigned char head[8], tail[4];
    uLong sum;

    put_be32(head, len);
    memcpy(head + 4, type, 4);
    sum = crc32(0, head + 4, 4);
    (void)fwrite(head, 1, sizeof(head), out);
    if (len > 0) {
        sum = crc32(sum, bytes, len);
        (void)fwrite(bytes, 1, len, out);
    }
    put_be32(tail, (uint32_t)sum);
    (void)fwrite(tail, 1, sizeof(tail), out);
}

/* PNG 1.2: 8 bits a channel, RGB, no interlacing. */
static void write_png(struct canvas *canvas, FILE *out)
{
    static const unsigned char signature[] = {0x89, 'P',  'N',  'G',
                                              '\r', '\n', 0x1a, '\n'};
    const uLong size = (uLong)(canvas->height * row_size(canvas));
    unsigned char head[13] = {[8] = 8, [9] = 2};
    uLongf len = compressBound(size);
    cleanup(freep) unsigned char *bytes = xmalloc(len);

    BUG_ON(compress2(bytes, &len, canvas->pixels, size, 9) != Z_OK);
    put_be32(head, canvas->width);
    put_be32(head + 4, canvas->height);
    (void)fwrite(signature, 1, sizeof(signature), out);
    write_chunk(out, "IHDR", head, sizeof(head));
    write_chunk(out, "IDAT", bytes, (uint32_t)len);
    write_chunk(out, "IEND", NULL, 0);
}

int canvas_write(struct canvas *canvas, FILE *out, struct err *err)
{
    if (canvas->format == CANVAS_PNG)
        write_png(canvas, out);
    else
        write_svg(canvas, out);
    return fflush(out) || ferror(out) ? err_sys(err, EIO, "the picture") : 0;
}
