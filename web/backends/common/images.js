// @ts-check
/** @file Textures, for every API: their handles, when they have pixels, and what they take.
 *
 * Does not: call a GPU API; the driver that it is given does. What waits for a texture hears of it by `isReady`.
 */
import { HandleTable } from '../../engine/handles.js';
import { checkTexture, compressedLevels, familyOf, texelBytes, textureBytes } from './resources.js';

/** @typedef {import('./resources.js').TextureRecord} TextureRecord */
/** @typedef {import('./driver.js').Driver} Driver */
/** Of textures that views draw: there is nothing to wait for. */
const TARGET_FORMAT = 2;

/** @param {TextureRecord} record @param {number} level */
const levelSize = ({ width, height }, level) => ({ width: Math.max(1, width >> level), height: Math.max(1, height >> level) });

/** @param {TextureRecord} record @param {number} level @param {number} first @param {number} rows */
const partOf = ({ width, height }, level, first, rows) => (
  `Rows ${first} to ${first + rows} of level ${level} are no part of a texture of ${width} x ${height} texels.`);

/** @param {TextureRecord} record @param {Uint8Array} bytes */
function checkTexels({ width, height, format }, bytes) {
  const expected = width * height * texelBytes(format);
  if (bytes.byteLength !== expected) throw new Error(`${bytes.byteLength} bytes are written, but ${width} x ${height} texels have ${expected}.`);
}

/** @param {TextureRecord} record @param {number} transfer @param {{ width: number, height: number }} image */
function checkImage({ width, height }, transfer, image) {
  if (image.width !== width || image.height !== height) {
    throw new Error(`The image of transfer ${transfer} has ${image.width} x ${image.height} texels, but the texture has ${width} x ${height}.`);
  }
}

/** What is shown of a large image until all of it is here; its filter is of no matter. @param {Uint8Array | ImageBitmap} source
 * @param {{ width: number, height: number }} size @param {number} width @param {number} height @returns {Uint8Array} */
function smallCopy(source, size, width, height) {
  if (!(source instanceof Uint8Array)) {
    const canvas = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true }); // in plain memory
    canvas?.drawImage(source, 0, 0, width, height);
    return canvas ? new Uint8Array(canvas.getImageData(0, 0, width, height).data.buffer) : new Uint8Array(4 * width * height);
  }
  const texels = new Uint8Array(4 * width * height);
  for (let y = 0, to = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, to += 4) {
      const at = 4 * (Math.floor((y + 0.5) * size.height / height) * size.width + Math.floor((x + 0.5) * size.width / width));
      texels.set(source.subarray(at, at + 4), to);
    }
  }
  return texels;
}

export class Images {
  /** Bytes of all of them. */
  sizeBytes = 0;
  /** @type {HandleTable<TextureRecord>} */
  table = new HandleTable('texture');

  /** @param {(handle: number, problem: string) => void} failed tells of one that could not be made
   * @param {(record: TextureRecord) => void} isReady tells of one that has its pixels
   * @param {(record: TextureRecord) => void} isOther tells of one that must be bound anew */
  constructor(failed, isReady, isOther) {
    this.failed = failed;
    this.isReady = isReady;
    this.isOther = isOther;
  }

  /** The device is new: everything is gone. */
  clear() {
    this.table.clear();
    this.sizeBytes = 0;
  }

  /** @param {Driver} driver
   * @param {Pick<TextureRecord, 'handle' | 'width' | 'height' | 'levels' | 'format' | 'sampler'>} what */
  create(driver, what) {
    const { handle, width, height, levels, format } = what;
    /** @type {TextureRecord} */
    const record = { ...what, sizeBytes: 0, state: 'failed', native: null, users: new Set() };
    this.table.create(record);
    const problem = checkTexture(width, height, levels, format, driver.limits);
    if (problem) return this.failed(handle, problem);
    try {
      record.native = driver.textures.create(record);
      record.state = format === TARGET_FORMAT ? 'ready' : 'pending';
      record.sizeBytes = textureBytes(width, height, levels, format);
      this.sizeBytes += record.sizeBytes;
    } catch (error) {
      this.failed(handle, /** @type {Error} */ (error).message);
    }
  }

  /** @param {Driver} driver @param {number} handle */
  destroy(driver, handle) {
    const record = this.table.remove(handle);
    record.state = 'failed';
    for (const material of record.users) material.ready = false;
    if (record.native === null) return;
    driver.textures.destroy(record.native);
    this.sizeBytes -= record.sizeBytes;
  }

  /** @param {Driver} driver @param {number} handle @param {Uint8Array} bytes */
  write(driver, handle, bytes) {
    const record = this.table.get(handle);
    if (record.state === 'failed') return;
    checkTexels(record, bytes);
    driver.textures.write(record, bytes);
    this.hasPixels(record);
  }

  /** @param {Driver} driver @param {number} handle
   * @param {{ x: number, y: number, width: number, height: number }} place @param {Uint8Array} bytes */
  update(driver, handle, place, bytes) {
    const record = this.table.get(handle);
    if (record.state === 'failed') return;
    const { x, y, width, height } = place;
    const expected = width * height * texelBytes(record.format);
    if (x + width > record.width || y + height > record.height || bytes.byteLength !== expected) {
      throw new Error(`${bytes.byteLength} bytes of ${width} x ${height} texels are written at (${x}, ${y}) of a texture of `
        + `${record.width} x ${record.height}.`);
    }
    driver.textures.update(record, place, bytes);
  }

  /** @param {Driver} driver @param {number} handle @param {number} transfer
   * @param {import('./driver.js').Parts['transfers']} transfers */
  upload(driver, handle, transfer, transfers) {
    const record = this.table.get(handle);
    const texels = transfers.texels(transfer);
    if (texels) {
      if (record.state === 'failed') return;
      if (familyOf(record.format) === 0) return this.write(driver, handle, texels);
      if (texels.byteLength !== record.sizeBytes) {
        throw new Error(`The ${texels.byteLength} bytes of transfer ${transfer} are not the ${record.sizeBytes} of the compressed texture.`);
      }
      driver.textures.writeCompressed(record, texels);
      return this.hasPixels(record);
    }
    const image = transfers.image(transfer);
    if (record.state === 'failed') return;
    checkImage(record, transfer, image);
    driver.textures.upload(record, image);
    this.hasPixels(record);
  }

  /** Some rows of a level; see texture_part. @param {Driver} driver @param {number} handle @param {number} transfer
   * @param {{ level: number, first: number, rows: number }} part
   * @param {import('./driver.js').Parts['transfers']} transfers @returns {number} bytes */
  part(driver, handle, transfer, { level, first, rows }, transfers) {
    const record = this.table.get(handle);
    if (record.state === 'failed') return 0;
    const bytes = transfers.texels(transfer);
    const { width, height } = levelSize(record, level);
    if (familyOf(record.format) > 0) {
      const levels = compressedLevels(record), from = levels[level].offset;
      if (!bytes || bytes.byteLength !== record.sizeBytes || first % 4 !== 0 || first + rows > height) throw new Error(partOf(record, level, first, rows));
      for (let at = level; at < (rows === 0 ? record.levels : level + 1); at += 1) {
        const { rowBytes, offset, sizeBytes } = levels[at];
        const begin = offset + first / 4 * rowBytes, end = rows === 0 ? offset + sizeBytes : begin + Math.ceil(rows / 4) * rowBytes;
        driver.textures.writeRows(record, at, first, bytes.subarray(begin, end));
      }
      if (rows === 0 || first + rows === height) this.showFrom(driver, record, level);
      return rows === 0 ? bytes.byteLength - from : Math.ceil(rows / 4) * levels[level].rowBytes;
    }
    if (first + rows > height || (rows > 0 && level !== 0)) throw new Error(partOf(record, level, first, rows));
    const source = bytes ?? transfers.image(transfer);
    if (source instanceof Uint8Array) checkTexels(record, source);
    else checkImage(record, transfer, source);
    if (rows === 0) {
      driver.textures.writeRows(record, level, 0, smallCopy(source, record, width, height));
      driver.textures.refine(record, level);
    } else {
      const rowBytes = 4 * width;
      driver.textures.writeRows(record, 0, first, bytes ? bytes.subarray(first * rowBytes, (first + rows) * rowBytes) : source, rows);
      if (first + rows === height) driver.textures.refine(record, 0);
    }
    if (rows === 0 || first + rows === height) this.showFrom(driver, record, level);
    return 4 * width * (rows || height);
  }

  /** Its levels from this one on are there, and what reads it sees them. @param {Driver} driver
   * @param {TextureRecord} record @param {number} level */
  showFrom(driver, record, level) {
    const isNew = driver.textures.showFrom(record, level);
    if (isNew && record.state === 'ready') this.isOther(record);
    this.hasPixels(record);
  }

  /** The picture that waits in a feed; a newer one of another size waits on. @param {Driver} driver
   * @param {number} handle 0 = none: the picture is dropped @param {number} feed
   * @param {NonNullable<import('./driver.js').Parts['feeds']>} feeds */
  feed(driver, handle, feed, feeds) {
    const picture = feeds.picture(feed);
    if (picture === null) return;
    const record = handle === 0 ? null : this.table.get(handle);
    if (record && (picture.width !== record.width || picture.height !== record.height)) return;
    if (record && record.state !== 'failed') {
      driver.textures.upload(record, picture);
      if (record.state !== 'ready') this.hasPixels(record);
    }
    feeds.taken(feed);
  }

  /** @param {TextureRecord} record */
  hasPixels(record) {
    record.state = 'ready';
    this.isReady(record);
  }
}
