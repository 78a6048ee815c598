/* SPDX-License-Identifier: Apache-2.0
 *
 * test_device_files.c - files of GPUs, in made-up /sys, /proc and /dev
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "node/device_files.h"

static char root[] = "/tmp/berth-gpus-XXXXXX";

static void put(const char *path, const char *text)
{
    cleanup(freep) char *full = xasprintf("%s/%s", root, path);
    cleanup(freep) char *dir = xstrndup(full, (size_t)(strrchr(full, '/') - full));

    assert_int_equal(io_mkdir_p(dir, 0755, NULL), 0);
    assert_int_equal(io_write_file_atomic(full, text, strlen(text), 0644, NULL), 0);
}

static int setup(void **state)
{
    (void)state;
    if (!mkdtemp(root))
        return -1;
    put("proc/driver/nvidia/gpus/0000:3b:00.0/information",
        "Model: \t\t A100\nDevice Minor: \t 2\n");
    put("sys/bus/pci/devices/0000:3b:00.0/vendor", "0x10de\n");
    put("dev/nvidia0", "");
    put("dev/nvidia2", "");
    put("dev/nvidiactl", "");
    put("dev/nvidia-uvm", "");
    put("sys/bus/pci/devices/0000:83:00.0/vendor", "0x1002\n");
    put("sys/bus/pci/devices/0000:83:00.0/drm/renderD129", "");
    put("sys/bus/pci/devices/0000:83:00.0/drm/card1", "");
    put("dev/dri/renderD128", "");
    put("dev/dri/renderD129", "");
    put("dev/kfd", "");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return io_remove_tree(root, NULL);
}

static void a_gpu_of_nvidia_is_its_minor_and_what_all_share(void **state)
{
    cleanup(strv_freep) char **files = device_files(root, "0000:3b:00.0");
    cleanup(freep) char *text = strv_join(files, " ");

    (void)state;
    assert_string_equal(text, "/dev/nvidia2 /dev/nvidiactl /dev/nvidia-uvm");
    assert_string_equal(device_variable(root, "0000:3b:00.0"), "CUDA_VISIBLE_DEVICES");
}

static void a_gpu_of_amd_is_its_render_node_and_kfd(void **state)
{
    cleanup(strv_freep) char **files = device_files(root, "0000:83:00.0");
    cleanup(freep) char *text = strv_join(files, " ");

    (void)state;
    assert_string_equal(text, "/dev/dri/renderD129 /dev/kfd");
    assert_string_equal(device_variable(root, "0000:83:00.0"), "ROCR_VISIBLE_DEVICES");
}

static void what_is_not_there_has_no_files(void **state)
{
    (void)state;
    assert_null(device_files(root, "0000:99:00.0"));
    assert_null(device_variable(root, "0000:99:00.0"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gpu_of_nvidia_is_its_minor_and_what_all_share),
        cmocka_unit_test(a_gpu_of_amd_is_its_render_node_and_kfd),
        cmocka_unit_test(what_is_not_there_has_no_files),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
