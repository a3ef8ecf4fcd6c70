// An e500 below KVM or ePAPR's hypervisor, on the runtime of the bare-metal guests.
#include "conformance.h"
#include "runtime.h"

const char *const form_names[] = {"hcall-instructions"};
const u32 form_count = COUNT(form_names);

const struct answer *execute_call(u32 form, enum mode mode, const struct registers *before) {
    static struct answer answer;
    static struct frame frame;
    (void)form;
    for (u32 i = 0; i < GENERAL; i++) {
        frame.gpr[i] = before->general[i];
    }
    const struct frame *after = hypercall(mode == USER_STATE ? USER : SUPERVISOR, &frame);
    for (u32 i = 0; i < GENERAL; i++) {
        answer.registers.general[i] = after->gpr[i];
    }
    // The first interrupt has number 0, which stands for none.
    answer.trap = finished(after) ? 0 : after->vector + 1;
    return &answer;
}

void program(void) {
    if (!hypercall_count) {
        skip_all("no /hypervisor");
    }
    machine_suite();
}
