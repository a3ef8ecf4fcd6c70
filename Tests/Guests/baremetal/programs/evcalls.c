// ePAPR's hypercalls from the guest's side: byte channels, the virtual interrupt controller, doorbells, and Freescale's
// calls on the own partition. Needs Paravane: its handles, and byte channels that are each other's other end.
//
// A test asks `--stats` that every answer which docs/hypercalls.md names was given to this program or its neighbours.

#include "runtime.h"

#define EV(number) (0x10000 | (number))
#define BYTE_CHANNEL_SEND EV(1)
#define BYTE_CHANNEL_RECEIVE EV(2)
#define BYTE_CHANNEL_POLL EV(3)
#define INT_SET_CONFIG EV(4)
#define INT_GET_CONFIG EV(5)
#define INT_SET_MASK EV(6)
#define INT_GET_MASK EV(7)
#define INT_GET_ACTIVITY EV(8)
#define INT_IACK EV(9)
#define INT_EOI EV(10)
#define INT_SEND_IPI EV(11)
#define INT_SET_TASK_PRIORITY EV(12)
#define INT_GET_TASK_PRIORITY EV(13)
#define DOORBELL_SEND EV(14)
#define MSGSND EV(15)

#define FH(number) (0x20000 | (number))
#define PARTITION_GET_DTPROP FH(2)
#define PARTITION_SET_DTPROP FH(3)
#define PARTITION_RESTART FH(4)
#define PARTITION_GET_STATUS FH(5)
#define PARTITION_START FH(6)
#define PARTITION_STOP FH(7)
#define PARTITION_MEMCPY FH(8)

#define SUCCESS 0
#define ENOENT 2
#define EAGAIN 4
#define ENOMEM 5
#define EFAULT 6
#define EINVAL 8
#define INVALID_STATE 11
#define UNIMPLEMENTED 12
#define BUFFER_OVERFLOW 13

#define OWN 0xffffffff

// What the device tree says of `byte-channel-first` and `byte-channel-second`.
#define FIRST 2
#define SECOND 3
#define FIRST_TRANSMIT 67
#define SECOND_RECEIVE 68
#define DOORBELL 4
#define DOORBELL_INTERRUPT 15
#define CAPACITY 1024

// Operands of msgsnd.
#define MESSAGE(type, processor) ((type) << 27 | (processor))
#define TO_ALL 0x04000000

#define NOTHING 0xffff
#define IPI(n) (256 + (n))
#define ACTIVE_HIGH 1
#define LEVEL 2

static struct frame registers;
static const struct frame *result;

// One call with up to eight arguments; returns the status. Output n is gpr[3 + n] of `result`.
static u32 call8(u32 token, const u32 *arguments, u32 count) {
    for (u32 i = 0; i < 32; i++) {
        registers.gpr[i] = 0xa5000000 + i;
    }
    for (u32 i = 0; i < count; i++) {
        registers.gpr[3 + i] = arguments[i];
    }
    registers.gpr[11] = token;
    result = hypercall(SUPERVISOR, &registers);
    if (!finished(result)) {
        explain(result);
        return 0xdead;
    }
    return result->gpr[3];
}
#define CALL(token, ...) call8((token), (const u32[]){__VA_ARGS__}, sizeof((const u32[]){__VA_ARGS__}) / sizeof(u32))

static u32 output(u32 n) {
    return result->gpr[3 + n];
}

// What is called with an argument that it refuses.
struct refusal {
    u32 token;
    u32 arguments[8];
    u32 status;
    const char *sentence;
};

static void refuse(const struct refusal *refusals, u32 count) {
    for (u32 i = 0; i < count; i++) {
        equal(call8(refusals[i].token, refusals[i].arguments, 8), refusals[i].status, refusals[i].sentence);
    }
}
#define REFUSE(refusals) refuse((refusals), sizeof(refusals) / sizeof((refusals)[0]))

// Memory without a NUL in 4096 bytes.
#define ENDLESS SCRATCH

// MARK: Byte channels

static void byte_channels(void) {
    equal(CALL(BYTE_CHANNEL_POLL, FIRST), SUCCESS, "a byte channel can be polled");
    equal(output(1), 0, "it holds nothing");
    equal(output(2), CAPACITY, "and has all its room");

    equal(CALL(BYTE_CHANNEL_SEND, FIRST, 6, 0x48656c6c, 0x6f21ffff), SUCCESS, "bytes can be sent");
    equal(output(1), 6, "all six");
    CALL(BYTE_CHANNEL_POLL, SECOND);
    equal(output(1), 6, "they wait at the other end");
    equal(CALL(BYTE_CHANNEL_RECEIVE, SECOND, 4), SUCCESS, "bytes can be received");
    ok(output(1) == 4 && output(2) == 0x48656c6c, "the first four");
    CALL(BYTE_CHANNEL_RECEIVE, SECOND, 16);
    ok(output(1) == 2 && output(2) == 0x6f210000 && output(3) == 0 && output(4) == 0 && output(5) == 0,
       "the rest, with zeros behind it");
    equal(CALL(BYTE_CHANNEL_RECEIVE, SECOND, 16), SUCCESS, "receiving where nothing waits");
    equal(output(1), 0, "brings nothing");
    equal(CALL(BYTE_CHANNEL_SEND, FIRST, 0), SUCCESS, "nothing can be sent");

    u32 sent = 0, status;
    while (sent < 2 * CAPACITY) {
        status = CALL(BYTE_CHANNEL_SEND, FIRST, 15, sent, sent, sent, sent);
        if (status) {
            break;
        }
        sent += output(1);
    }
    equal(sent, CAPACITY, "a channel takes its capacity, the last bytes in part");
    ok(status == EAGAIN && output(1) == 0, "then it says to try again");
    equal(CALL(BYTE_CHANNEL_SEND, FIRST, 1, 0), EAGAIN, "also a single byte");
    equal(CALL(BYTE_CHANNEL_SEND, SECOND, 1, 0x77000000), SUCCESS, "the other direction has room");
    CALL(BYTE_CHANNEL_RECEIVE, FIRST, 1);
    ok(output(1) == 1 && output(2) == 0x77000000, "and works");
    u32 received = 0;
    do {
        CALL(BYTE_CHANNEL_RECEIVE, SECOND, 16);
        received += output(1);
    } while (output(1));
    equal(received, CAPACITY, "everything that was taken arrives");

    static const struct refusal refusals[] = {
        {BYTE_CHANNEL_SEND, {0, 1}, EINVAL, "handle 0 is no byte channel to send to"},
        {BYTE_CHANNEL_SEND, {DOORBELL, 1}, EINVAL, "nor is a doorbell"},
        {BYTE_CHANNEL_SEND, {FIRST, 17}, EINVAL, "17 bytes are too many to send"},
        {BYTE_CHANNEL_SEND, {FIRST, 0xffffffff}, EINVAL, "and so are 4294967295"},
        {BYTE_CHANNEL_RECEIVE, {0xffffffff, 1}, EINVAL, "handle -1 is no byte channel to receive from"},
        {BYTE_CHANNEL_RECEIVE, {FIRST, 17}, EINVAL, "17 bytes are too many to receive"},
        {BYTE_CHANNEL_POLL, {99}, EINVAL, "handle 99 is no byte channel to poll"},
    };
    REFUSE(refusals);
}

// MARK: Interrupts

// Lets an interrupt in, with its own number as its vector.
static void let_in(u32 interrupt, u32 flags, u32 priority) {
    u32 status = CALL(INT_SET_CONFIG, interrupt, flags, priority, 0);
    equal(status | CALL(INT_SET_MASK, interrupt, 0), SUCCESS, "an interrupt is configured and unmasked");
}

static void shut_out(u32 interrupt) {
    CALL(INT_SET_MASK, interrupt, 1);
}

// With the external proxy an interrupt is acknowledged as it is taken, and EPR has its vector.
static int has_proxy;
static u32 acknowledged = NOTHING;

static u32 acknowledge(void) {
    if (acknowledged != NOTHING) {
        u32 vector = acknowledged;
        acknowledged = NOTHING;
        return vector;
    }
    return CALL(INT_IACK, 0) == SUCCESS ? output(1) : 0xbad;
}

static int interrupted_by(u32 state, u32 vector) {
    struct frame start = {0};
    return RUN(SUPERVISOR | state, &start, INSTR_NOP, INSTR_NOP)->vector == vector;
}

static int interrupted(void) {
    if (!interrupted_by(MSR_EE, EXTERNAL_INPUT)) {
        return 0;
    }
    if (has_proxy) {
        acknowledged = get_spr(SPR_EPR);
    }
    return 1;
}

static void configurations(void) {
    equal(CALL(INT_SET_CONFIG, 3, LEVEL, 5, 0), SUCCESS, "an external interrupt can be level-sensitive, active low");
    CALL(INT_GET_CONFIG, 3);
    ok(output(1) == LEVEL && output(2) == 5 && output(3) == 0, "its configuration reads back");
    CALL(INT_SET_CONFIG, 3, ACTIVE_HIGH, 15, 0);
    CALL(INT_GET_CONFIG, 3);
    ok(output(1) == ACTIVE_HIGH && output(2) == 15, "or edge-sensitive, rising");
    CALL(INT_SET_CONFIG, SECOND_RECEIVE, ACTIVE_HIGH, 8, 0);
    CALL(INT_GET_CONFIG, SECOND_RECEIVE);
    equal(output(1), ACTIVE_HIGH | LEVEL, "an on-chip interrupt stays level-sensitive");
    equal(CALL(INT_GET_MASK, 3), SUCCESS, "its mask can be read");
    equal(output(1), 1, "and is set at first");
    CALL(INT_SET_MASK, 3, 0);
    CALL(INT_GET_MASK, 3);
    equal(output(1), 0, "until it is cleared");
    shut_out(3);

    equal(CALL(INT_GET_TASK_PRIORITY), SUCCESS, "the task priority can be read");
    // Registers would have to be set up; where there are calls only, the hypervisor has done it.
    equal(output(1), devices_are_hypercalls ? 0 : 15, "it is what the machine starts with");
    equal(CALL(INT_SET_TASK_PRIORITY, 4), SUCCESS, "and can be set");
    CALL(INT_GET_TASK_PRIORITY);
    equal(output(1), 4, "to what it then is");
    CALL(INT_SET_TASK_PRIORITY, 0);

    static const struct refusal refusals[] = {
        {INT_SET_CONFIG, {264, 0, 8, 0}, EINVAL, "interrupt 264 cannot be configured"},
        {INT_SET_CONFIG, {0xffffffff, 0, 8, 0}, EINVAL, "nor can -1"},
        {INT_SET_CONFIG, {3, 4, 8, 0}, EINVAL, "a configuration has two bits"},
        {INT_SET_CONFIG, {3, 0, 16, 0}, EINVAL, "priority 16 does not exist"},
        {INT_SET_CONFIG, {3, 0, 8, 1}, EINVAL, "nor does vCPU 1"},
        {INT_GET_CONFIG, {264}, EINVAL, "interrupt 264 has no configuration"},
        {INT_SET_MASK, {264, 0}, EINVAL, "no mask to set"},
        {INT_SET_MASK, {3, 2}, EINVAL, "a mask is 0 or 1"},
        {INT_GET_MASK, {264}, EINVAL, "interrupt 264 has no mask"},
        {INT_GET_ACTIVITY, {264}, EINVAL, "and no activity"},
        {INT_IACK, {1}, EINVAL, "there is one interrupt controller, of handle 0"},
        {INT_EOI, {264}, EINVAL, "interrupt 264 does not end"},
        {INT_EOI, {3}, EINVAL, "nor does one that is not in service"},
        {INT_SEND_IPI, {4, 1}, EINVAL, "there are four IPIs"},
        {INT_SEND_IPI, {0, 0}, EINVAL, "an IPI goes somewhere"},
        {INT_SEND_IPI, {0, 2}, EINVAL, "and not to a vCPU that does not exist"},
        {INT_SET_TASK_PRIORITY, {16}, EINVAL, "task priority 16 does not exist"},
        {DOORBELL_SEND, {FIRST}, EINVAL, "a byte channel is no doorbell"},
        {DOORBELL_SEND, {5}, EINVAL, "nor is handle 5"},
    };
    REFUSE(refusals);
    CALL(INT_GET_CONFIG, 3);
    ok(output(1) == ACTIVE_HIGH && output(2) == 15, "what was refused changed nothing");
}

static void byte_channel_interrupts(void) {
    equal(acknowledge(), NOTHING, "nothing waits at first");
    let_in(SECOND_RECEIVE, LEVEL | ACTIVE_HIGH, 8);
    ok(!interrupted(), "an empty channel does not interrupt");
    CALL(BYTE_CHANNEL_SEND, FIRST, 1, 0x41000000);
    ok(interrupted(), "data that can be received does");
    CALL(INT_GET_ACTIVITY, SECOND_RECEIVE);
    equal(output(1), 1, "the interrupt is active");
    equal(acknowledge(), SECOND_RECEIVE, "acknowledging tells its number");
    ok(!interrupted(), "it does not interrupt while it is in service");
    equal(acknowledge(), NOTHING, "and nothing else waits");
    equal(CALL(INT_EOI, SECOND_RECEIVE + 1), EINVAL, "another interrupt does not end");
    equal(CALL(INT_EOI, SECOND_RECEIVE), SUCCESS, "this one does");
    ok(interrupted(), "and comes again while the data is there");
    acknowledge();
    CALL(BYTE_CHANNEL_RECEIVE, SECOND, 16);
    CALL(INT_EOI, SECOND_RECEIVE);
    ok(!interrupted(), "but not once it has been received");
    CALL(INT_GET_ACTIVITY, SECOND_RECEIVE);
    equal(output(1), 0, "then the interrupt is not active");
    shut_out(SECOND_RECEIVE);

    while (CALL(BYTE_CHANNEL_SEND, FIRST, 16, 0, 0, 0, 0) == SUCCESS) {
    }
    let_in(FIRST_TRANSMIT, LEVEL | ACTIVE_HIGH, 8);
    ok(!interrupted(), "a full channel does not interrupt its sender");
    CALL(BYTE_CHANNEL_RECEIVE, SECOND, 1);
    ok(interrupted(), "room for a byte does");
    equal(acknowledge(), FIRST_TRANSMIT, "with an interrupt of its own");
    CALL(INT_EOI, FIRST_TRANSMIT);
    CALL(INT_SET_TASK_PRIORITY, 8);
    ok(!interrupted(), "the task priority holds it back");
    CALL(INT_SET_TASK_PRIORITY, 0);
    shut_out(FIRST_TRANSMIT);
    ok(!interrupted(), "and so does its mask");
}

static void doorbells(void) {
    let_in(DOORBELL_INTERRUPT, ACTIVE_HIGH, 8);
    ok(!interrupted(), "a doorbell is silent");
    equal(CALL(DOORBELL_SEND, DOORBELL), SUCCESS, "until it rings");
    ok(interrupted(), "which interrupts");
    equal(acknowledge(), DOORBELL_INTERRUPT, "with the number of its receiving end");
    CALL(INT_EOI, DOORBELL_INTERRUPT);
    ok(!interrupted(), "once");
    shut_out(DOORBELL_INTERRUPT);
}

static void processor_interrupts(void) {
    for (u32 n = 0; n < 4; n++) {
        CALL(INT_SET_CONFIG, IPI(n), 0, 4 + n, 0);
        CALL(INT_SET_MASK, IPI(n), 0);
        equal(CALL(INT_SEND_IPI, n, 1), SUCCESS, "an IPI can be sent to oneself");
    }
    ok(interrupted(), "it interrupts");
    u32 wrong = 0;
    for (u32 n = 4; n-- > 0;) {
        wrong += acknowledge() != IPI(n);
        wrong += CALL(INT_EOI, IPI(n)) != SUCCESS;
    }
    equal(wrong, 0, "the most urgent of them first");
    equal(acknowledge(), NOTHING, "each of them once");
}

// MARK: Processor messages

static void messages(void) {
    if (is_e500v2()) {
        equal(CALL(MSGSND, MESSAGE(0, 0)), UNIMPLEMENTED, "a core without processor doorbells has no EV_MSGSND");
        return;
    }
    ok(!interrupted_by(MSR_EE, PROCESSOR_DOORBELL), "no message waits at first");
    equal(CALL(MSGSND, MESSAGE(0, 0)), SUCCESS, "a message can be sent to oneself");
    ok(!interrupted_by(0, PROCESSOR_DOORBELL), "it waits while interrupts are off");
    ok(interrupted_by(MSR_EE, PROCESSOR_DOORBELL), "and rings the doorbell");
    ok(!interrupted_by(MSR_EE, PROCESSOR_DOORBELL), "once");
    equal(CALL(MSGSND, MESSAGE(1, 0)), SUCCESS, "so can a critical one");
    ok(!interrupted_by(MSR_EE, CRITICAL_PROCESSOR_DOORBELL), "which is no external interrupt");
    ok(interrupted_by(MSR_CE, CRITICAL_PROCESSOR_DOORBELL), "but a critical one");
    equal(CALL(MSGSND, MESSAGE(0, 5)), SUCCESS, "a message for somebody else is sent");
    ok(!interrupted_by(MSR_EE, PROCESSOR_DOORBELL), "and does not arrive here");
    equal(CALL(MSGSND, MESSAGE(0, 5) | TO_ALL), SUCCESS, "a message for all is sent");
    ok(interrupted_by(MSR_EE, PROCESSOR_DOORBELL), "and arrives, whatever it is addressed to");
    CALL(MSGSND, MESSAGE(0, 0));
    struct frame clear = {.gpr[3] = MESSAGE(0, 0)};
    ok(finished(RUN(SUPERVISOR, &clear, INSTR_MSGCLR(3))), "msgclr takes back");
    ok(!interrupted_by(MSR_EE, PROCESSOR_DOORBELL), "what EV_MSGSND sent");
    static const struct refusal refusals[] = {
        {MSGSND, {MESSAGE(2, 0)}, EINVAL, "a message to the hypervisor's guest is the hypervisor's"},
        {MSGSND, {MESSAGE(31, 0)}, EINVAL, "type 31 does not exist"},
        {MSGSND, {0x00004000}, EINVAL, "nor has a guest's message a partition"},
    };
    REFUSE(refusals);
    ok(!interrupted_by(MSR_EE, PROCESSOR_DOORBELL), "what was refused rang nothing");
}

// MARK: The partition

static const char node[] = "/chosen";
static const char name[] = "test,evcalls";
static const char empty[] = "";
static u8 value[64];
static u64 pieces[8] __attribute__((aligned(32)));

#define AT(object) 0, (u32)(object)

static void properties(void) {
    equal(CALL(PARTITION_GET_DTPROP, OWN, AT(node), AT("nothing"), AT(value), sizeof value), ENOENT,
          "a property that does not exist is not found");
    equal(CALL(PARTITION_SET_DTPROP, OWN, AT(node), AT(name), AT("hello"), 6), SUCCESS, "a property can be added");
    equal(CALL(PARTITION_GET_DTPROP, OWN, AT(node), AT(name), AT(value), sizeof value), SUCCESS, "and read");
    equal(output(1), 6, "with its size");
    ok(value[0] == 'h' && value[4] == 'o' && value[5] == 0, "and its value");
    equal(CALL(PARTITION_GET_DTPROP, OWN, AT(node), AT(name), AT(value), 5), BUFFER_OVERFLOW,
          "a buffer that is too small gets nothing");
    equal(output(1), 6, "but the size that it needs");

    const struct refusal refusals[] = {
        {PARTITION_GET_DTPROP, {1, AT(node), AT(name), AT(value), 8}, EINVAL, "another partition has no properties"},
        {PARTITION_GET_DTPROP, {OWN, AT("/nowhere"), AT(name), AT(value), 8}, ENOENT, "nor has a node that is not there"},
        {PARTITION_GET_DTPROP, {OWN, AT(empty), AT(name), AT(value), 8}, ENOENT, "or no path at all"},
        {PARTITION_GET_DTPROP, {OWN, 1, (u32)node, AT(name), AT(value), 8}, EFAULT, "a path has to be in memory"},
        {PARTITION_GET_DTPROP, {OWN, AT(node), 1, (u32)name, AT(value), 8}, EFAULT, "and a name"},
        {PARTITION_GET_DTPROP, {OWN, AT(node), AT(name), 1, (u32)value, 8}, EFAULT, "and the buffer"},
        {PARTITION_SET_DTPROP, {2, AT(node), AT(name), AT(value), 8}, EINVAL, "another partition gets none"},
        {PARTITION_SET_DTPROP, {OWN, AT("/nowhere"), AT(name), AT(value), 8}, ENOENT, "nor does a node that is not there"},
        {PARTITION_SET_DTPROP, {OWN, AT(node), AT(empty), AT(value), 8}, EINVAL, "a property has a name"},
        {PARTITION_SET_DTPROP, {OWN, AT(node), AT("a b"), AT(value), 8}, EINVAL, "without blanks"},
        {PARTITION_SET_DTPROP, {OWN, AT(node), AT(name), AT(value), 32769}, EINVAL, "and at most 32768 bytes"},
        {PARTITION_SET_DTPROP, {OWN, AT(node), AT(name), 0xf, 0, 8}, EFAULT, "which are in memory"},
        {PARTITION_GET_DTPROP, {OWN, AT(ENDLESS), AT(name), AT(value), 8}, EINVAL, "a path ends within 4096 bytes"},
        {PARTITION_GET_DTPROP, {OWN, AT(node), AT(ENDLESS), AT(value), 8}, EINVAL, "and so does a name"},
        {PARTITION_SET_DTPROP, {OWN, AT(ENDLESS), AT(name), AT(value), 8}, EINVAL, "whether it is read"},
        {PARTITION_SET_DTPROP, {OWN, AT(node), AT(ENDLESS), AT(value), 8}, EINVAL, "or set"},
    };
    for (u32 i = 0; i < 1024; i++) {
        ((u32 *)ENDLESS)[i] = 0x61616161;
    }
    REFUSE(refusals);

    // The tree has room for a megabyte.
    u32 status = SUCCESS, properties = 0;
    for (; status == SUCCESS && properties < 64; properties++) {
        char filler[] = "test,filler-00";
        filler[12] = (char)('0' + properties / 8);
        filler[13] = (char)('0' + properties % 8);
        status = CALL(PARTITION_SET_DTPROP, OWN, AT(node), AT(filler), AT(ENDLESS), 32768);
    }
    equal(status, ENOMEM, "a tree that is full takes no more");
    ok(properties > 16, "after half a megabyte");
    for (u32 i = 0; i + 1 < properties; i++) {
        char filler[] = "test,filler-00";
        filler[12] = (char)('0' + i / 8);
        filler[13] = (char)('0' + i % 8);
        status = CALL(PARTITION_SET_DTPROP, OWN, AT(node), AT(filler), AT(ENDLESS), 0);
    }
    equal(CALL(PARTITION_SET_DTPROP, OWN, AT(node), AT(name), AT("hello"), 6), SUCCESS, "but when emptied it does");
}

static void piece(u32 n, u32 source, u32 target, u32 size) {
    pieces[4 * n] = source;
    pieces[4 * n + 1] = target;
    pieces[4 * n + 2] = size;
    pieces[4 * n + 3] = 0;
}

static u32 copy(u32 count) {
    return CALL(PARTITION_MEMCPY, OWN, OWN, (u32)pieces, 0, count);
}

static void copies(void) {
    for (u32 i = 0; i < 8; i++) {
        value[i] = (u8)(1 + i);
        value[32 + i] = 0;
    }
    piece(0, (u32)value, (u32)value + 33, 3);
    piece(1, (u32)value + 4, (u32)value + 36, 2);
    equal(copy(2), SUCCESS, "memory can be copied in pieces");
    ok(value[32] == 0 && value[33] == 1 && value[35] == 3 && value[36] == 5 && value[37] == 6 && value[38] == 0,
       "to where they belong");
    piece(0, (u32)value, (u32)value + 1, 7);
    copy(1);
    ok(value[1] == 1 && value[7] == 7, "also over itself");

    // Code that was executed and then copied over.
    static const u32 words[] = {INSTR_LI(3, 1), INSTR_BLR};
    static u32 code[2] __attribute__((aligned(32)));
    static const u32 others[] = {INSTR_LI(3, 2), INSTR_BLR};
    code[0] = words[0];
    code[1] = words[1];
    synchronize_instructions((u32)code, sizeof code);
    u32 (*function)(void) = (u32(*)(void))(u32)code;
    u32 before = function();
    piece(0, (u32)others, (u32)code, sizeof code);
    copy(1);
    synchronize_instructions((u32)code, sizeof code);
    ok(before == 1 && function() == 2, "code that is copied is the code that runs");

    equal(CALL(PARTITION_MEMCPY, OWN, OWN, (u32)pieces + 16, 0, 1), EINVAL, "the list has to be aligned");
    equal(CALL(PARTITION_MEMCPY, OWN, 1, (u32)pieces, 0, 1), EINVAL, "there is no other partition to copy to");
    equal(CALL(PARTITION_MEMCPY, 1, OWN, (u32)pieces, 0, 1), EINVAL, "or from");
    equal(CALL(PARTITION_MEMCPY, OWN, OWN, (u32)pieces, 0, 4097), EINVAL, "4097 pieces are too many");
    equal(CALL(PARTITION_MEMCPY, OWN, OWN, (u32)pieces, 0xf, 1), EFAULT, "the list has to be in memory");
    piece(0, 0xf0000000, (u32)value, 1);
    equal(copy(1), EFAULT, "and the source");
    piece(0, (u32)value, 0xf0000000, 1);
    equal(copy(1), EFAULT, "and the target");
    piece(0, 0, 0, (16 << 20) + 1);
    equal(copy(1), EINVAL, "16 MiB and a byte are too much");
    piece(0, (u32)value, (u32)value, 1);
    pieces[3] = 1;
    equal(copy(1), EINVAL, "what is reserved is zero");
}

static void partition(void) {
    equal(CALL(PARTITION_GET_STATUS, OWN), SUCCESS, "the own partition has a status");
    equal(output(1), 1, "it runs");
    static const struct refusal refusals[] = {
        {PARTITION_START, {OWN, 0, 0}, INVALID_STATE, "and so cannot be started"},
        {PARTITION_GET_STATUS, {0}, EINVAL, "partition 0 has no status"},
        {PARTITION_START, {1}, EINVAL, "partition 1 cannot be started"},
        {PARTITION_STOP, {1}, EINVAL, "or stopped"},
        {PARTITION_RESTART, {1}, EINVAL, "or restarted"},
        {FH(1), {0}, UNIMPLEMENTED, "there is no FH_ERR_GET_INFO"},
        {FH(9), {0}, UNIMPLEMENTED, "nor FH_DMA_ENABLE"},
        {FH(10), {0}, UNIMPLEMENTED, "nor FH_DMA_DISABLE"},
        {FH(11), {1}, UNIMPLEMENTED, "nor FH_SEND_NMI"},
        {FH(12), {15}, UNIMPLEMENTED, "nor FH_VMPIC_GET_MSIR"},
        {FH(14), {OWN, 0}, UNIMPLEMENTED, "nor FH_GET_CORE_STATE"},
        {FH(15), {OWN, 0}, UNIMPLEMENTED, "nor FH_ENTER_NAP"},
        {FH(16), {OWN, 0}, UNIMPLEMENTED, "nor FH_EXIT_NAP"},
        {FH(17), {0}, UNIMPLEMENTED, "nor FH_CLAIM_DEVICE"},
        {FH(18), {OWN}, UNIMPLEMENTED, "nor FH_PARTITION_STOP_DMA"},
    };
    REFUSE(refusals);
}

void program(void) {
    if (!hypercall_count) {
        skip_all("no /hypervisor");
    }
    u32 length;
    has_proxy = find_property("has-external-proxy", &length) != 0;
    byte_channels();
    configurations();
    byte_channel_interrupts();
    doorbells();
    processor_interrupts();
    messages();
    partition();
    properties();
    copies();
}
