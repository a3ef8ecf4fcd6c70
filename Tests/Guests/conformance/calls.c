#include "conformance.h"

#ifdef ARGUMENT_REGISTERS
static const u8 argument_registers[] = ARGUMENT_REGISTERS;
#define ARGUMENT_REGISTER(position) argument_registers[position]
#endif
static struct registers before;

static char sentence[160];

static char *append(char *to, const char *text) {
    while (*text && to < sentence + sizeof sentence - 1) {
        *to++ = *text++;
    }
    *to = 0;
    return to;
}

const char *join(const char *first, const char *second) {
    append(append(sentence, first), second);
    return sentence;
}

static const char *describe(u32 form, enum mode mode, const char *name) {
    static const char *const modes[] = {"", " in user state", " in a narrow mode", " in user state in a narrow mode"};
    append(append(append(append(sentence, form_names[form]), modes[mode]), ": "), name);
    return sentence;
}

static void fill(const struct call *call) {
    for (u32 i = 0; i < GENERAL; i++) {
        before.general[i] = (word)(0xa5a500005a5a0000u + i * 0x0000010100000101u);
    }
    for (u32 i = 0; i < call->count; i++) {
        before.general[ARGUMENT_REGISTER(i)] = call->arguments[i];
    }
    before.general[NUMBER_REGISTER] = call->number;
}

const struct answer *make_call(u32 form, enum mode mode, const struct call *call) {
    fill(call);
    return execute_call(form, mode, &before);
}

static void explain(const struct answer *answer, const struct call *call) {
    put("# trap ");
    put_decimal(answer->trap);
    put(" of ");
    put_decimal(call->trap);
    for (u32 i = 0; i < GENERAL; i++) {
        if (answer->registers.general[i] != before.general[i]) {
            put(", register ");
            put_decimal(i);
            put(" ");
            put_hex64(before.general[i]);
            put(" -> ");
            put_hex64(answer->registers.general[i]);
        }
    }
    put("\n");
}

// Whether only what an answer writes has changed.
static int untouched(const struct answer *answer, const struct call *call) {
    u32 outputs = OUTPUTS(call);
    for (u32 i = 0; i < GENERAL; i++) {
        int is_output = i >= OUTPUT_REGISTER && i < OUTPUT_REGISTER + outputs;
        if (MAY_CHANGE(i) || (!call->trap && (i == STATUS_REGISTER || is_output))) {
            continue;
        }
        if (answer->registers.general[i] != before.general[i]) {
            return 0;
        }
    }
    return 1;
}

static int answered(const struct answer *answer, const struct call *call) {
    if (answer->trap != call->trap || !untouched(answer, call)) {
        return 0;
    }
    if (call->trap) {
        return 1;
    }
    word status = answer->registers.general[STATUS_REGISTER];
    if (status != call->status && (!call->up_to || status > call->up_to)) {
        return 0;
    }
    return !OUTPUTS(call) || call->any_output || answer->registers.general[OUTPUT_REGISTER % GENERAL] == call->output;
}

void check_call(u32 form, enum mode mode, const struct call *call) {
    const struct answer *answer = make_call(form, mode, call);
    int good = answered(answer, call);
    ok(good, describe(form, mode, call->name));
    if (!good) {
        explain(answer, call);
    }
}

void check_calls(u32 form, enum mode mode, const struct call *calls, u32 count) {
    for (u32 i = 0; i < count; i++) {
        check_call(form, mode, &calls[i]);
    }
}

void check_refusals(u32 form, enum mode mode, const struct call *calls, u32 count, u32 trap, word status) {
    for (u32 i = 0; i < count; i++) {
        struct call refused = calls[i];
        refused.trap = trap;
        refused.status = status;
        refused.output = 0;
        refused.outputs = 0;
        refused.up_to = 0;
        check_call(form, mode, &refused);
    }
}

void check_no_other(u32 form, const struct call *calls, u32 count, word first, u32 numbers, u32 trap, word status) {
    word wrong = 0;
    u32 failures = 0;
    for (word number = first; number < first + numbers; number++) {
        int known = 0;
        for (u32 i = 0; i < count; i++) {
            known |= calls[i].number == number;
        }
        struct call call = {.number = number, .trap = trap, .status = status};
        if (!known && !answered(make_call(form, SUPERVISOR_STATE, &call), &call)) {
            wrong = number;
            failures++;
        }
    }
    ok(!failures, describe(form, SUPERVISOR_STATE, "no other number is a call"));
    if (failures) {
        put("# the last of ");
        put_decimal(failures);
        put(" is ");
        put_hex64(wrong);
        put("\n");
    }
}
