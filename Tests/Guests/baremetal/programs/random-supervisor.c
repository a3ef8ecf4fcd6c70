// Random words in supervisor state: they may take their own program down, or turn the machine off. What has to stand is
// the hypervisor.

#include "runtime.h"

#define STATE SUPERVISOR
#include "random-words.c"
