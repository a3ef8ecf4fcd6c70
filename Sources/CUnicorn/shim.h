#pragma once
#include <unicorn/unicorn.h>
