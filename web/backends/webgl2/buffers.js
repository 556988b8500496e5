// @ts-check
/** @file Buffers of the WebGL2 backend: vertices, indices, visible rows, the frame block; instance columns as textures.
 *
 * Owns: one 1024-texel-wide data texture a column (the API has no storage buffers) and a vertex array a mesh. The row
 * number is an instance-stepped attribute that every draw points anew (the API has no base instance).
 */
import {
  COLUMNS, FRAME_BLOCK_BYTES, LAYOUTS, POSED, POSED_BYTES, POSE_LINE, ROWS_STEP, ROW_LOCATION, STREAM_POSED, STREAM_UV1, UV1_BYTES,
} from '../../gen/layouts.js';
import { streamsOf } from '../common/resources.js';
import { Webgl2Lights } from './lights.js';
import { FRAME_BINDING, POSE_UNIT, ROW_UNITS } from './pipelines.js';

const UV1_LOCATION = 6;
const POSED_LOCATION = 7;

export class Webgl2Buffers {
  /** @param {WebGL2RenderingContext} gl */
  constructor(gl) {
    this.gl = gl;
    this.targets = [0, gl.ARRAY_BUFFER, gl.ELEMENT_ARRAY_BUFFER];
    /** Frame blocks by view. @type {WebGLBuffer[]} */
    this.frames = [];
    this.lit = new Webgl2Lights(gl);
    /** The still rows, then this frame's. */
    this.visible = gl.createBuffer();
    this.stillBytes = 0;
    this.visibleBytes = 0;
    this.roomBytes = 0;
    /** Internal format, format, type by column. */
    this.formats = [
      [gl.RGB32F, gl.RGB, gl.FLOAT], [gl.RGBA32F, gl.RGBA, gl.FLOAT],
      [gl.RGB32F, gl.RGB, gl.FLOAT], [gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE], [gl.RGB32F, gl.RGB, gl.FLOAT],
    ];
    /** What moves vertices; made with the first that something moves. @type {WebGLTexture | null} */
    this.poseTexels = null;
    this.poseLines = 0;
    /** @type {WebGLTexture[]} */
    this.columns = [];
    this.rows = 0;
    this.rowsCapacity(ROWS_STEP);
  }

  get sizeBytes() {
    const rowBytes = COLUMNS.reduce((sum, { words }) => sum + words * 4, 0);
    return FRAME_BLOCK_BYTES * this.frames.length + this.roomBytes + this.rows * rowBytes + this.lit.sizeBytes
      + 16 * POSE_LINE * this.poseLines;
  }

  /** @param {import('../common/resources.js').BufferRecord} record */
  create({ sizeBytes, usage }) {
    const { gl } = this;
    const target = this.targets[usage];
    const buffer = gl.createBuffer();
    gl.bindVertexArray(null); // an index buffer would be bound into the current vertex array
    gl.bindBuffer(target, buffer);
    gl.bufferData(target, sizeBytes, gl.STATIC_DRAW);
    if (sizeBytes >= 1 << 20 && gl.getError() === gl.OUT_OF_MEMORY) {
      gl.deleteBuffer(buffer);
      throw new Error(`The GPU has no room for its ${sizeBytes} bytes; free other buffers first.`);
    }
    return { buffer, target };
  }

  /** @param {{ buffer: WebGLBuffer }} native */
  destroy({ buffer }) {
    this.gl.deleteBuffer(buffer);
  }

  /** @param {{ buffer: WebGLBuffer, target: number }} native @param {number} offset @param {Uint8Array} bytes */
  write({ buffer, target }, offset, bytes) {
    const { gl } = this;
    gl.bindVertexArray(null);
    gl.bindBuffer(target, buffer);
    gl.bufferSubData(target, offset, bytes);
  }

  /** @param {import('../common/resources.js').MeshRecord} mesh */
  createMesh(mesh) {
    const { gl } = this;
    const array = gl.createVertexArray();
    gl.bindVertexArray(array);
    gl.bindBuffer(gl.ARRAY_BUFFER, mesh.vertexBuffer?.native.buffer);
    const { strideBytes, isElement, attributes, vertices } = LAYOUTS[mesh.topology];
    attributes.forEach(({ offsetBytes, format }, location) => {
      const [, kind, bits, components = 1] = /** @type {RegExpExecArray} */ (/^([a-z]+)(\d+)(?:x(\d))?$/.exec(format));
      const type = kind === 'float' ? gl.FLOAT : bits === '16' ? gl.SHORT : kind === 'snorm' ? gl.BYTE : gl.UNSIGNED_BYTE;
      const at = mesh.vertexOffset + offsetBytes;
      gl.enableVertexAttribArray(location);
      if (kind === 'uint') gl.vertexAttribIPointer(location, Number(components), gl.UNSIGNED_INT, strideBytes, at);
      else gl.vertexAttribPointer(location, Number(components), type, kind !== 'float', strideBytes, at);
      gl.vertexAttribDivisor(location, isElement ? 1 : 0);
    });
    if (!isElement) {
      const uv = mesh.vertexOffset + (attributes.find(({ name }) => name === 'uv')?.offsetBytes ?? 0);
      const hasUv1 = (mesh.streams & STREAM_UV1) !== 0;
      const streams = streamsOf(mesh);
      gl.enableVertexAttribArray(UV1_LOCATION);
      gl.vertexAttribPointer(UV1_LOCATION, 2, gl.FLOAT, false, hasUv1 ? UV1_BYTES : strideBytes, hasUv1 ? streams.uv1 : uv);
      if (mesh.streams & STREAM_POSED) this.pointAtPosed(streams.posed);
    }
    gl.enableVertexAttribArray(ROW_LOCATION);
    gl.vertexAttribDivisor(ROW_LOCATION, isElement ? mesh.elements : 1); // all elements of a mesh have one row
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, mesh.indexBuffer?.native.buffer ?? null);
    gl.bindVertexArray(null);
    return {
      array, indexed: mesh.indexBuffer !== undefined, elements: mesh.elements, offset: mesh.indexOffset,
      type: mesh.indexBytes === 2 ? gl.UNSIGNED_SHORT : gl.UNSIGNED_INT,
      mode: [gl.TRIANGLES, gl.LINES, gl.POINTS][mesh.topology] ?? gl.TRIANGLE_STRIP,
      topology: mesh.topology, isElement, vertices,
      isPosed: (mesh.streams & STREAM_POSED) !== 0,
    };
  }

  /** The POSED stream of the mesh whose vertex array is bound. @param {number} offset bytes */
  pointAtPosed(offset) {
    const { gl } = this;
    POSED.forEach(({ offsetBytes, format }, index) => {
      const location = POSED_LOCATION + index;
      gl.enableVertexAttribArray(location);
      if (format === 'unorm8x4') gl.vertexAttribPointer(location, 4, gl.UNSIGNED_BYTE, true, POSED_BYTES, offset + offsetBytes);
      else {
        const [count, type] = format === 'uint32' ? [1, gl.UNSIGNED_INT] : [4, gl.UNSIGNED_SHORT];
        gl.vertexAttribIPointer(location, count, type, POSED_BYTES, offset + offsetBytes);
      }
    });
  }

  /** @param {{ array: WebGLVertexArrayObject }} native */
  destroyMesh({ array }) {
    this.gl.deleteVertexArray(array);
  }

  /** @param {number} rows */
  rowsCapacity(rows) {
    const { gl } = this;
    for (const texture of this.columns) gl.deleteTexture(texture);
    this.rows = rows;
    this.columns = this.formats.map(([internal], column) => {
      const texture = gl.createTexture();
      gl.activeTexture(gl.TEXTURE0 + ROW_UNITS[column]);
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.texStorage2D(gl.TEXTURE_2D, 1, internal, ROWS_STEP, rows / ROWS_STEP);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
      return texture;
    });
  }

  /** @param {number} column @param {number} firstRow @param {number} rows @param {Uint8Array} bytes */
  rowsWrite(column, firstRow, rows, bytes) {
    const { gl } = this;
    const [, format, type] = this.formats[column];
    const view = type === gl.FLOAT ? new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4) : bytes;
    gl.activeTexture(gl.TEXTURE0 + ROW_UNITS[column]);
    gl.bindTexture(gl.TEXTURE_2D, this.columns[column]);
    gl.texSubImage2D(
      gl.TEXTURE_2D, 0, 0, firstRow / ROWS_STEP, ROWS_STEP, rows / ROWS_STEP, format, type, /** @type {any} */ (view));
  }

  /** @param {number} lines @param {number} firstLine @param {number} count @param {Uint8Array} bytes */
  poses(lines, firstLine, count, bytes) {
    const { gl } = this;
    gl.activeTexture(gl.TEXTURE0 + POSE_UNIT);
    if (this.poseLines !== lines) {
      gl.deleteTexture(this.poseTexels);
      this.poseTexels = null;
      this.poseLines = lines;
    }
    if (lines === 0) return;
    if (this.poseTexels === null) {
      this.poseTexels = gl.createTexture();
      gl.bindTexture(gl.TEXTURE_2D, this.poseTexels);
      gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA32F, POSE_LINE, lines);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    }
    gl.bindTexture(gl.TEXTURE_2D, this.poseTexels);
    if (count === 0) return;
    const floats = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, firstLine, POSE_LINE, count, gl.RGBA, gl.FLOAT, floats);
  }

  /** Behind the still ones. @param {Uint8Array} bytes */
  visibleRows(bytes) {
    const { gl, stillBytes } = this;
    if (stillBytes + bytes.byteLength > this.roomBytes) this.moveRows(0, 0, stillBytes, stillBytes + bytes.byteLength);
    this.visibleBytes = bytes.byteLength;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.visible);
    gl.bufferSubData(gl.ARRAY_BUFFER, stillBytes, bytes);
  }

  /** The visible rows move behind them. @param {Uint8Array} bytes */
  stillRows(bytes) {
    const { gl } = this;
    this.moveRows(this.stillBytes, bytes.byteLength, this.visibleBytes, bytes.byteLength + this.visibleBytes);
    this.stillBytes = bytes.byteLength;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.visible);
    gl.bufferSubData(gl.ARRAY_BUFFER, 0, bytes);
  }

  /** To a buffer with room for `sizeBytes`. @param {number} from @param {number} to @param {number} keptBytes
   * @param {number} sizeBytes */
  moveRows(from, to, keptBytes, sizeBytes) {
    const { gl } = this;
    const before = this.visible;
    this.visible = gl.createBuffer();
    this.roomBytes = 2 ** Math.ceil(Math.log2(Math.max(sizeBytes, ROWS_STEP * 4)));
    gl.bindBuffer(gl.ARRAY_BUFFER, this.visible);
    gl.bufferData(gl.ARRAY_BUFFER, this.roomBytes, gl.STREAM_DRAW);
    if (keptBytes > 0) {
      gl.bindBuffer(gl.COPY_READ_BUFFER, before);
      gl.copyBufferSubData(gl.COPY_READ_BUFFER, gl.ARRAY_BUFFER, from, to, keptBytes);
    }
    gl.deleteBuffer(before);
  }

  /** @param {number} view @param {Uint8Array} bytes */
  frameBlock(view, bytes) {
    const { gl } = this;
    while (this.frames.length <= view) {
      const frame = gl.createBuffer();
      gl.bindBuffer(gl.UNIFORM_BUFFER, frame);
      gl.bufferData(gl.UNIFORM_BUFFER, FRAME_BLOCK_BYTES, gl.DYNAMIC_DRAW);
      this.frames.push(frame);
    }
    gl.bindBuffer(gl.UNIFORM_BUFFER, this.frames[view]);
    gl.bufferSubData(gl.UNIFORM_BUFFER, 0, bytes);
  }

  /** @param {number} view */
  bindFrame(view) {
    this.gl.bindBufferBase(this.gl.UNIFORM_BUFFER, FRAME_BINDING, this.frames[view]);
    this.lit.bind(view);
  }

  /** @param {number} view @param {Uint8Array} rows @param {Uint8Array} lists */
  lights(view, rows, lists) {
    this.lit.write(view, rows, lists);
  }

  /** Binds the instance columns, which every draw pass reads. */
  bindRows() {
    const { gl } = this;
    this.columns.forEach((texture, column) => {
      gl.activeTexture(gl.TEXTURE0 + ROW_UNITS[column]);
      gl.bindTexture(gl.TEXTURE_2D, texture);
    });
    if (this.poseTexels === null) return;
    gl.activeTexture(gl.TEXTURE0 + POSE_UNIT);
    gl.bindTexture(gl.TEXTURE_2D, this.poseTexels);
  }

  /** Stays bound through a draw loop: vertexAttribIPointer takes its buffer from here. */
  bindVisible() {
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, this.visible);
  }
}
