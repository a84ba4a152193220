/* In place of the compiler's: libvpx's kernels for ARM, in terms of WebAssembly's SIMD by SIMDe. */
#ifndef EDGERTC_ARM_NEON_H
#define EDGERTC_ARM_NEON_H

#define SIMDE_ENABLE_NATIVE_ALIASES
#define SIMDE_FLOAT16_API 1
#include <simde/arm/neon.h>

#endif
