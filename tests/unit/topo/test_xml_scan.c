/* SPDX-License-Identifier: Apache-2.0
 *
 * test_xml_scan.c - what is refused before hwloc sees it
 */
#include "topo/xml_scan.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_scan(const char *xml, const char *words)
{
    struct err err = {0};
    int rc = xml_scan_check(xml, strlen(xml), &err);
    assert_int_equal(rc, words ? -EINVAL : 0);
    if (words)
        assert_string_equal(err.text, words);
}

static void formats_1_and_2_pass(void **state)
{
    (void)state;
    assert_scan("<?xml version=\"1.0\"?><!DOCTYPE topology SYSTEM \"hwloc.dtd\">"
                "<topology><object type=\"Machine\"/></topology>",
                NULL);
    assert_scan("<topology version=\"2.0\">\n <a b=\"x\">text</a>\n</topology>\n",
                NULL);
}

static void format_3_is_refused_by_name(void **state)
{
    (void)state;
    assert_scan(
        "<topology version=\"3.0\"></topology>",
        "the XML has hwloc's format version 3.0: 1 and 2 can be read; export it "
        "with \"lstopo --export-xml-flags v2 FILE.xml\"");
}

static void broken_xml_is_refused(void **state)
{
    (void)state;
    assert_scan("<topology", "the XML ends within a tag");
    assert_scan("<topology>", "the XML is cut off");
    assert_scan("</topology>", "the XML closes what it did not open");
    assert_scan("<topology a=b>", "the XML has a malformed <topology>");
    assert_scan("<topology a=\"b>", "the XML has a malformed <topology>");
    assert_scan("<other/>", "the file is not an hwloc topology in XML");
}

static void indexes_that_would_make_huge_bit_maps_are_refused(void **state)
{
    (void)state;
    assert_scan("<topology><object type=\"PU\" os_index=\"65536\"/></topology>",
                "the XML has a PU with an index above 65535");
    assert_scan("<topology><object os_index=\"99999999999999999999\" "
                "type=\"NUMANode\"/></topology>",
                "the XML has a NUMANode with an index above 65535");
    assert_scan("<topology><object type=\"Core\" os_index=\"4294967295\"/></topology>",
                NULL);
}

static void deep_nesting_is_refused(void **state)
{
    (void)state;
    struct strbuf xml = STRBUF_INIT;
    strbuf_puts(&xml, "<topology>");
    for (int i = 0; i < 64; i++)
        strbuf_puts(&xml, "<object>");
    assert_scan(xml.s, "the XML is nested more than 64 deep");
    strbuf_fini(&xml);
}

static void long_attributes_are_refused(void **state)
{
    (void)state;
    struct strbuf xml = STRBUF_INIT;
    strbuf_puts(&xml, "<topology><object cpuset=\"");
    for (int i = 0; i < 40000; i++)
        strbuf_putc(&xml, 'f');
    strbuf_puts(&xml, "\"/></topology>");
    assert_scan(xml.s, "the XML has an attribute of 40000 bytes");
    strbuf_fini(&xml);
}

static void bytes_that_are_no_text_are_refused(void **state)
{
    (void)state;
    struct err err;
    assert_int_equal(xml_scan_check("<topology>\0</topology>", 22, &err), -EINVAL);
    assert_string_equal(err.text, "the topology is not text");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_1_and_2_pass),
        cmocka_unit_test(format_3_is_refused_by_name),
        cmocka_unit_test(broken_xml_is_refused),
        cmocka_unit_test(indexes_that_would_make_huge_bit_maps_are_refused),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(long_attributes_are_refused),
        cmocka_unit_test(bytes_that_are_no_text_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
