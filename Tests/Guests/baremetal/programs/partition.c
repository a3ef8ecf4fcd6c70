// A partition that restarts and stops itself. Its first boot leaves a property for its second, which ends the machine by
// hypercall. With `system-reset` as its boot arguments it resets the system instead of itself.

#include "runtime.h"

#define PARTITION_SET_DTPROP 0x20003
#define PARTITION_RESTART 0x20004
#define PARTITION_STOP 0x20007
#define SYSTEM_RESET 0x2000d
#define OWN 0xffffffff

static const char node[] = "/chosen";
static const char name[] = "test,boots";
static const char boots[] = "two";

void program(void) {
    if (!hypercall_count) {
        skip_all("no /hypervisor");
    }
    struct frame registers = {.gpr[3] = OWN};
    u32 length;
    if (find_property(name, &length)) {
        ok(length == sizeof boots, "the second boot has the property that the first one set");
        put("1..1\n");
        registers.gpr[11] = PARTITION_STOP;
    } else {
        registers.gpr[5] = (u32)node;
        registers.gpr[7] = (u32)name;
        registers.gpr[9] = (u32)boots;
        registers.gpr[10] = sizeof boots;
        registers.gpr[11] = PARTITION_SET_DTPROP;
        const struct frame *f = hypercall(SUPERVISOR, &registers);
        if (f->gpr[3]) {
            put("Bail out! the property cannot be set\n");
            return;
        }
        const char *arguments = (const char *)find_property("bootargs", &length);
        registers.gpr[11] = arguments && arguments[0] == 's' ? SYSTEM_RESET : PARTITION_RESTART;
    }
    explain(hypercall(SUPERVISOR, &registers));
    put("Bail out! the call came back\n");
}
