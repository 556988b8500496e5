// @ts-check
/** @file Functions of WGSL that GLSL ES 3.00 does not have, written in the subset itself: a module that calls one gets it.
 *
 * Limits: the bit functions take u32, and no vectors.
 */

/** @type {Readonly<Record<string, string>>} */
const BITS = Object.freeze({
  reverseBits: `fn reverseBits(e: u32) -> u32 {
    var x = ((e >> 1u) & 0x55555555u) | ((e & 0x55555555u) << 1u);
    x = ((x >> 2u) & 0x33333333u) | ((x & 0x33333333u) << 2u);
    x = ((x >> 4u) & 0x0f0f0f0fu) | ((x & 0x0f0f0f0fu) << 4u);
    x = ((x >> 8u) & 0x00ff00ffu) | ((x & 0x00ff00ffu) << 8u);
    return (x >> 16u) | (x << 16u);
  }`,
  countOneBits: `fn countOneBits(e: u32) -> u32 {
    var x = e - ((e >> 1u) & 0x55555555u);
    x = (x & 0x33333333u) + ((x >> 2u) & 0x33333333u);
    x = (x + (x >> 4u)) & 0x0f0f0f0fu;
    return (x * 0x01010101u) >> 24u;
  }`,
  countLeadingZeros: `fn countLeadingZeros(e: u32) -> u32 {
    var x = e | (e >> 1u);
    x = x | (x >> 2u);
    x = x | (x >> 4u);
    x = x | (x >> 8u);
    x = x | (x >> 16u);
    return countOneBits(~x);
  }`,
  countTrailingZeros: 'fn countTrailingZeros(e: u32) -> u32 { return countOneBits((e & (~e + 1u)) - 1u); }',
  firstLeadingBit: 'fn firstLeadingBit(e: u32) -> u32 { return 31u - countLeadingZeros(e); }',
  firstTrailingBit: `fn firstTrailingBit(e: u32) -> u32 {
    if (e == 0u) { return 0xffffffffu; }
    return countTrailingZeros(e);
  }`,
  extractBits: `fn extractBits(e: u32, offset: u32, count: u32) -> u32 {
    let first = min(offset, 32u);
    let bits = min(count, 32u - first);
    if (bits == 0u) { return 0u; }
    return (e >> first) & (0xffffffffu >> (32u - bits));
  }`,
  insertBits: `fn insertBits(e: u32, newbits: u32, offset: u32, count: u32) -> u32 {
    let first = min(offset, 32u);
    let bits = min(count, 32u - first);
    if (bits == 0u) { return e; }
    let mask = (0xffffffffu >> (32u - bits)) << first;
    return (e & ~mask) | ((newbits << first) & mask);
  }`,
});

/** @type {Readonly<Record<string, string>>} */
const PACKING = Object.freeze({
  pack4x8unorm: `fn pack4x8unorm(e: vec4<f32>) -> u32 {
    let x = vec4<u32>(floor(clamp(e, vec4<f32>(0.0), vec4<f32>(1.0)) * 255.0 + 0.5));
    return x.x | (x.y << 8u) | (x.z << 16u) | (x.w << 24u);
  }`,
  pack4x8snorm: `fn pack4x8snorm(e: vec4<f32>) -> u32 {
    let x = vec4<u32>(vec4<i32>(floor(clamp(e, vec4<f32>(-1.0), vec4<f32>(1.0)) * 127.0 + 0.5))) & vec4<u32>(255u);
    return x.x | (x.y << 8u) | (x.z << 16u) | (x.w << 24u);
  }`,
});

/** By name. @type {ReadonlyMap<string, string>} */
export const LIBRARY = new Map([...Object.entries(BITS), ...Object.entries(PACKING)]);
