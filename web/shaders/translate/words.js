// @ts-check
/** @file Words that have a meaning: WGSL's keywords and reserved words, and GLSL's, which generated names avoid. */

/** @param {string} text */
const words = (text) => new Set(text.trim().split(/\s+/));

/** WGSL section 15.1 (keywords) and 15.2 (reserved words): no declaration may have these names. */
export const WGSL_WORDS = words(`
  alias break case const const_assert continue continuing default diagnostic discard else enable false fn for if let
  loop override requires return struct switch true var while
  NULL Self abstract active alignas alignof as asm asm_fragment async attribute auto await become cast catch class co_await
  co_return co_yield coherent column_major common compile compile_fragment concept const_cast consteval constexpr
  constinit crate debugger decltype delete demote demote_to_helper do dynamic_cast enum explicit export extends extern
  external fallthrough filter final finally friend from fxgroup get goto groupshared highp impl implements import inline
  instanceof interface layout lowp macro macro_rules match mediump meta mod module move mut mutable namespace new nil
  noexcept noinline nointerpolation non_coherent noncoherent noperspective null nullptr of operator package packoffset
  partition pass patch pixelfragment precise precision premerge priv protected pub public readonly ref regardless register
  reinterpret_cast require resource restrict self set shared sizeof smooth snorm static static_assert static_cast std
  subroutine super target template this thread_local throw trait try type typedef typeid typename typeof union unless
  unorm unsafe unsized use using varying virtual volatile wgsl where with writeonly yield`);

/** GLSL ES 3.00 section 3.7: keywords and reserved words. */
const GLSL_KEYWORDS = words(`
  const uniform layout centroid flat smooth break continue do for while switch case default if else in out inout float
  int void bool true false invariant discard return mat2 mat3 mat4 mat2x2 mat2x3 mat2x4 mat3x2 mat3x3 mat3x4 mat4x2 mat4x3
  mat4x4 vec2 vec3 vec4 ivec2 ivec3 ivec4 bvec2 bvec3 bvec4 uint uvec2 uvec3 uvec4 lowp mediump highp precision sampler2D
  sampler3D samplerCube sampler2DShadow samplerCubeShadow sampler2DArray sampler2DArrayShadow isampler2D isampler3D
  isamplerCube isampler2DArray usampler2D usampler3D usamplerCube usampler2DArray struct attribute varying coherent
  volatile restrict readonly writeonly resource atomic_uint noperspective patch sample subroutine common partition active
  asm class union enum typedef template this goto inline noinline volatile public static extern external interface long
  short double half fixed unsigned superp input output hvec2 hvec3 hvec4 dvec2 dvec3 dvec4 fvec2 fvec3 fvec4 sampler3DRect
  filter image1D image2D image3D imageCube iimage1D iimage2D iimage3D iimageCube uimage1D uimage2D uimage3D uimageCube
  image1DArray image2DArray iimage1DArray iimage2DArray uimage1DArray uimage2DArray imageBuffer iimageBuffer uimageBuffer
  sampler1D sampler1DShadow sampler1DArray sampler1DArrayShadow isampler1D isampler1DArray usampler1D usampler1DArray
  sampler2DRect sampler2DRectShadow isampler2DRect usampler2DRect samplerBuffer isamplerBuffer usamplerBuffer sampler2DMS
  isampler2DMS usampler2DMS sampler2DMSArray isampler2DMSArray usampler2DMSArray sizeof cast namespace using main defined`);

/** GLSL ES 3.00 chapter 8: functions, which may not be defined again, plus those of later versions. */
const GLSL_FUNCTIONS = words(`
  radians degrees sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh pow exp log exp2 log2 sqrt inversesqrt abs
  sign floor trunc round roundEven ceil fract mod modf min max clamp mix step smoothstep isnan isinf floatBitsToInt
  floatBitsToUint intBitsToFloat uintBitsToFloat packSnorm2x16 unpackSnorm2x16 packUnorm2x16 unpackUnorm2x16 packHalf2x16
  unpackHalf2x16 length distance dot cross normalize faceforward reflect refract matrixCompMult outerProduct transpose
  determinant inverse lessThan lessThanEqual greaterThan greaterThanEqual equal notEqual any all not textureSize texture
  textureProj textureLod textureOffset texelFetch texelFetchOffset textureProjOffset textureLodOffset textureProjLod
  textureProjLodOffset textureGrad textureGradOffset textureProjGrad textureProjGradOffset dFdx dFdy fwidth fma ldexp
  frexp textureGather texture2D textureCube texture2DLod bitfieldExtract bitfieldInsert bitfieldReverse bitCount findLSB
  findMSB noise1 noise2 noise3 noise4`);

/** Whether GLSL may take this name for something else. @param {string} name */
export const isGlslWord = (name) => (
  GLSL_KEYWORDS.has(name) || GLSL_FUNCTIONS.has(name) || /^(gl|GL|webgl|_webgl|v|o|a)_|__|[^\w]/.test(name));
