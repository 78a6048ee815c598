/* SPDX-License-Identifier: Apache-2.0
 *
 * test_device_program.c - what the program says of devices, run by hand
 *
 * The few instructions that it is made of are carried out here as the kernel would.
 */
#include "device_program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t run(const struct bpf_insn *program, size_t len,
                    const struct bpf_cgroup_dev_ctx *asked)
{
    uint64_t reg[11] = {0};
    size_t at = 0;

    for (size_t steps = 0; at < len && steps < 1000; steps++, at++) {
        const struct bpf_insn *p = &program[at];
        uint32_t word;

        switch (p->code) {
        case BPF_LDX | BPF_MEM | BPF_W:
            assert_int_equal(p->src_reg, BPF_REG_1);
            memcpy(&word, (const char *)asked + p->off, sizeof(word));
            reg[p->dst_reg] = word;
            break;
        case BPF_ALU64 | BPF_AND | BPF_K:
            reg[p->dst_reg] &= (uint64_t)(int64_t)p->imm;
            break;
        case BPF_ALU64 | BPF_MOV | BPF_K:
            reg[p->dst_reg] = (uint64_t)(int64_t)p->imm;
            break;
        case BPF_JMP | BPF_JNE | BPF_K:
            if (reg[p->dst_reg] != (uint64_t)(int64_t)p->imm)
                at += (size_t)p->off;
            break;
        case BPF_JMP | BPF_EXIT:
            return reg[0];
        default:
            fail_msg("instruction %zu is %#x", at, p->code);
        }
    }
    fail_msg("the program does not end");
    return 0;
}

static void asks(const struct berth_cgroup_device *rules, size_t n, char type,
                 uint32_t major, uint32_t minor, uint64_t answer)
{
    size_t len;
    struct bpf_insn *program = device_program(rules, n, &len);

    for (uint32_t access = 1; access < 8; access++) {
        struct bpf_cgroup_dev_ctx asked = {
            .access_type =
                access << 16 | (type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR),
            .major = major,
            .minor = minor,
        };

        assert_int_equal(run(program, len, &asked), answer);
    }
    free(program);
}

static void what_a_rule_names_is_allowed_and_nothing_else(void **state)
{
    static const struct berth_cgroup_device rules[] = {
        {'c', 1, 3}, {'c', 136, -1}, {'b', 8, 0}, {'c', 5, 2}};

    (void)state;
    asks(rules, 4, 'c', 1, 3, 1);
    asks(rules, 4, 'c', 5, 2, 1);
    asks(rules, 4, 'c', 136, 0, 1);
    asks(rules, 4, 'c', 136, 1000, 1);
    asks(rules, 4, 'b', 8, 0, 1);
    asks(rules, 4, 'c', 1, 1, 0);
    asks(rules, 4, 'b', 1, 3, 0);
    asks(rules, 4, 'c', 8, 0, 0);
    asks(rules, 4, 'b', 136, 0, 0);
}

static void without_rules_nothing_is_allowed(void **state)
{
    (void)state;
    asks(NULL, 0, 'c', 1, 3, 0);
}

static void a_rule_for_all_of_a_type_is_short(void **state)
{
    static const struct berth_cgroup_device all[] = {{'c', -1, -1}};

    (void)state;
    asks(all, 1, 'c', 99, 99, 1);
    asks(all, 1, 'b', 99, 99, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_rule_names_is_allowed_and_nothing_else),
        cmocka_unit_test(without_rules_nothing_is_allowed),
        cmocka_unit_test(a_rule_for_all_of_a_type_is_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
