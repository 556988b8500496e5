/**
 * Where the members of a stored zip lie: what Python would take tens of milliseconds to list.
 *
 * Does not: inflate; the zips with the engine are stored, because the server compresses what travels.
 * Limits: no zip64, no encryption, no comment. Source: PKWARE APPNOTE 6.3, sections 4.3.7, 4.3.12 and 4.3.16.
 */
const END = { signature: 0x06054b50, bytes: 22, count: 10, start: 16 };
const ENTRY = { signature: 0x02014b50, bytes: 46, method: 10, size: 24, name: 28, extra: 30, comment: 32, start: 42 };
const LOCAL = { bytes: 30, name: 26, extra: 28 };

/**
 * @param {ArrayBuffer} zip
 * @returns {Record<string, [number, number]>} offset and size in bytes of each member's content, by its name
 * @throws {RangeError} where the bytes are no such zip
 */
export function zipMembers(zip) {
  const view = new DataView(zip);
  const end = view.byteLength - END.bytes;
  if (end < 0 || view.getUint32(end, true) !== END.signature) throw new RangeError('The bytes do not end as a zip does.');
  /** @type {Record<string, [number, number]>} */
  const members = {};
  const text = new TextDecoder();
  let at = view.getUint32(end + END.start, true);
  for (let left = view.getUint16(end + END.count, true); left > 0; left--) {
    if (view.getUint32(at, true) !== ENTRY.signature) throw new RangeError(`The zip's directory is damaged at byte ${at}.`);
    const nameBytes = view.getUint16(at + ENTRY.name, true);
    const name = text.decode(new Uint8Array(zip, at + ENTRY.bytes, nameBytes));
    if (view.getUint16(at + ENTRY.method, true) !== 0) throw new RangeError(`The zip's member ${name} is compressed.`);
    const local = view.getUint32(at + ENTRY.start, true);
    const start = local + LOCAL.bytes + view.getUint16(local + LOCAL.name, true) + view.getUint16(local + LOCAL.extra, true);
    members[name] = [start, view.getUint32(at + ENTRY.size, true)];
    at += ENTRY.bytes + nameBytes + view.getUint16(at + ENTRY.extra, true) + view.getUint16(at + ENTRY.comment, true);
  }
  return members;
}
