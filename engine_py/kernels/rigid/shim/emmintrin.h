/* The part of SSE2 that Box3D uses, in wasm SIMD. _mm_rsqrt_ps is exact here: the estimate of x86 differs between
 * makers, and results must not. Nothing of relaxed SIMD, for the same reason. */
#pragma once
#include <wasm_simd128.h>
typedef float __m128 __attribute__((__vector_size__(16), __aligned__(16)));  // v128_t is of ints, and so would {1.0f, 1.0f} be
typedef v128_t __m128d; typedef v128_t __m128i;
#define I static inline __attribute__((always_inline))
#define _MM_SHUFFLE(z,y,x,w) (((z)<<6)|((y)<<4)|((x)<<2)|(w))
#define _mm_shuffle_ps(a,b,m) wasm_i32x4_shuffle(a,b,(m)&3,((m)>>2)&3,4+(((m)>>4)&3),4+(((m)>>6)&3))
I __m128 _mm_mul_ps(__m128 a,__m128 b){return wasm_f32x4_mul(a,b);} I __m128 _mm_add_ps(__m128 a,__m128 b){return wasm_f32x4_add(a,b);}
I __m128 _mm_sub_ps(__m128 a,__m128 b){return wasm_f32x4_sub(a,b);} I __m128 _mm_div_ps(__m128 a,__m128 b){return wasm_f32x4_div(a,b);}
I __m128 _mm_max_ps(__m128 a,__m128 b){return wasm_f32x4_pmax(b,a);} I __m128 _mm_min_ps(__m128 a,__m128 b){return wasm_f32x4_pmin(b,a);}
I int _mm_movemask_ps(__m128 a){return wasm_i32x4_bitmask(a);} I __m128 _mm_setzero_ps(void){return wasm_f32x4_const(0,0,0,0);}
I __m128 _mm_set1_ps(float a){return wasm_f32x4_splat(a);} I __m128 _mm_set_ps1(float a){return wasm_f32x4_splat(a);}
I __m128 _mm_setr_ps(float a,float b,float c,float d){return wasm_f32x4_make(a,b,c,d);} I __m128 _mm_set_ps(float d,float c,float b,float a){return wasm_f32x4_make(a,b,c,d);}
I __m128 _mm_sqrt_ps(__m128 a){return wasm_f32x4_sqrt(a);} I __m128 _mm_rsqrt_ps(__m128 a){return wasm_f32x4_div(wasm_f32x4_splat(1),wasm_f32x4_sqrt(a));}
I __m128 _mm_or_ps(__m128 a,__m128 b){return wasm_v128_or(a,b);} I __m128 _mm_and_ps(__m128 a,__m128 b){return wasm_v128_and(a,b);}
I __m128 _mm_xor_ps(__m128 a,__m128 b){return wasm_v128_xor(a,b);} I __m128 _mm_andnot_ps(__m128 a,__m128 b){return wasm_v128_andnot(b,a);}
I __m128 _mm_cmpeq_ps(__m128 a,__m128 b){return wasm_f32x4_eq(a,b);} I __m128 _mm_cmpgt_ps(__m128 a,__m128 b){return wasm_f32x4_gt(a,b);}
I __m128 _mm_cmple_ps(__m128 a,__m128 b){return wasm_f32x4_le(a,b);} I __m128 _mm_cmpge_ps(__m128 a,__m128 b){return wasm_f32x4_ge(a,b);}
I __m128 _mm_cmplt_ps(__m128 a,__m128 b){return wasm_f32x4_lt(a,b);} I __m128 _mm_cmpneq_ps(__m128 a,__m128 b){return wasm_f32x4_ne(a,b);}
I float _mm_cvtss_f32(__m128 a){return wasm_f32x4_extract_lane(a,0);}
I __m128 _mm_unpacklo_ps(__m128 a,__m128 b){return wasm_i32x4_shuffle(a,b,0,4,1,5);} I __m128 _mm_unpackhi_ps(__m128 a,__m128 b){return wasm_i32x4_shuffle(a,b,2,6,3,7);}
I __m128 _mm_movelh_ps(__m128 a,__m128 b){return wasm_i64x2_shuffle(a,b,0,2);} I __m128 _mm_movehl_ps(__m128 a,__m128 b){return wasm_i64x2_shuffle(a,b,3,1);}
I __m128 _mm_load_ps(const float*p){return wasm_v128_load(p);} I __m128 _mm_loadu_ps(const float*p){return wasm_v128_load(p);} I void _mm_store_ps(float*p,__m128 a){wasm_v128_store(p,a);} I void _mm_storeu_ps(float*p,__m128 a){wasm_v128_store(p,a);}
I __m128 _mm_load_ss(const float*p){return wasm_v128_load32_zero(p);} I __m128d _mm_load_sd(const double*p){return wasm_v128_load64_zero(p);} I __m128 _mm_castpd_ps(__m128d a){return a;}
I void _mm_pause(void){}
#undef I
