// @ts-check
/** @file What a program's own files speak of: only then is it fetched. */

/** @param {RegExp} pattern @param {Iterable<Uint8Array>} modules the program's Python files */
export function mentions(pattern, modules) {
  const decoder = new TextDecoder();
  for (const bytes of modules) if (pattern.test(decoder.decode(bytes))) return true;
  return false;
}
