/* Before every file of the native build: the reciprocal root as the wasm has it (rigid/shim/emmintrin.h), so that both
 * builds simulate the same to the bit. */
#include <emmintrin.h>
#define _mm_rsqrt_ps(a) _mm_div_ps(_mm_set1_ps(1.0f), _mm_sqrt_ps(a))
