// @ts-check
/** @file Copies any target into a small image of floats in the midst of a frame, and reads it. Loaded when somebody looks. */
import { loadLook } from '../../shaders/loader.js';

const FORMAT = 'rgba32float';
const TEXEL_BYTES = 16;
const ROW_BYTES = 256; // the API pads rows to it
const RENDER_ATTACHMENT = 0x10;
const COPY_SRC = 0x01;
const MAP_READ = 0x1;
const COPY_DST = 0x8;
const FRAGMENT = 0x2;

/** @typedef {{ texture: GPUTexture, buffer: GPUBuffer, width: number, height: number, bytesPerRow: number }} Copy */

/** @param {GPUDevice} device @param {() => GPUCommandEncoder} encoder of the frame
 * @returns {Promise<import('../common/looking.js').Looker>} */
export async function makeLooker(device, encoder) {
  const module = device.createShaderModule({ label: 'look', code: await loadLook('webgpu') });
  const layout = device.createBindGroupLayout({ entries: [{ binding: 0, visibility: FRAGMENT, texture: { sampleType: 'unfilterable-float' } }] });
  const pipeline = await device.createRenderPipelineAsync({
    label: 'look', layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
    vertex: { module, entryPoint: 'vertex_main' }, fragment: { module, entryPoint: 'fragment_main', targets: [{ format: FORMAT }] },
  });
  /** @type {import('../common/looking.js').Looker} */
  const looker = {
    copy({ texture: from }, width, height) {
      const texture = device.createTexture({ label: 'look', size: [width, height], format: FORMAT, usage: RENDER_ATTACHMENT | COPY_SRC });
      const bytesPerRow = Math.ceil(width * TEXEL_BYTES / ROW_BYTES) * ROW_BYTES;
      const buffer = device.createBuffer({ label: 'look', size: bytesPerRow * height, usage: MAP_READ | COPY_DST });
      const pass = encoder().beginRenderPass({ colorAttachments: [{ view: texture.createView(), loadOp: 'clear', storeOp: 'store' }] });
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, device.createBindGroup({ layout, entries: [{ binding: 0, resource: from.createView({ mipLevelCount: 1 }) }] }));
      pass.draw(3);
      pass.end();
      encoder().copyTextureToBuffer({ texture }, { buffer, bytesPerRow }, [width, height]);
      return { texture, buffer, width, height, bytesPerRow };
    },
    async read(/** @type {Copy} */ copy) {
      const { buffer, width, height, bytesPerRow } = copy;
      try {
        await buffer.mapAsync(MAP_READ);
        const all = new Float32Array(buffer.getMappedRange());
        const data = new Float32Array(4 * width * height);
        for (let y = 0; y < height; y += 1) data.set(all.subarray(y * bytesPerRow / 4, y * bytesPerRow / 4 + 4 * width), 4 * width * y);
        return data;
      } finally {
        looker.drop(copy);
      }
    },
    drop({ texture, buffer }) {
      texture.destroy();
      buffer.destroy();
    },
  };
  return looker;
}
