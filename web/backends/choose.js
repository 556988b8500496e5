// @ts-check
/** @file Picks a backend by drawing, not by asking: an adapter may exist and die with the first canvas frame.
 *
 * Owns: the probe. It draws on throw-away canvases, because one that had a WebGPU context never gives WebGL2.
 */
const MODULES = Object.freeze({
  webgpu: () => import('./webgpu/device.js'),
  webgl2: () => import('./webgl2/device.js'),
  null: () => import('./null/device.js'),
});
const PROBE_TIMEOUT_MS = 10_000;
const PROBE_RETRIES = 4;

/** @typedef {keyof typeof MODULES} Name */
/** @typedef {{ name: Name, note: string, create: (parts: any) => Promise<any> }} Choice */

const IN_WORKER = typeof document === 'undefined';

/** A throw-away canvas of the kind that the engine draws on: a worker has no other than OffscreenCanvas. */
function probeCanvas() {
  if (IN_WORKER) return new OffscreenCanvas(16, 16);
  return Object.assign(document.createElement('canvas'), { width: 16, height: 16 });
}

const KIND = IN_WORKER ? 'an OffscreenCanvas' : 'a canvas';

/** Clears a canvas through WebGPU and waits for the GPU. @returns {Promise<string>} '' = works, else why not */
export async function probeWebgpu() {
  if (!navigator.gpu) return 'the browser has no navigator.gpu';
  try {
    const { requestDevice } = await MODULES.webgpu();
    const device = await requestDevice(PROBE_RETRIES);
    let lost = '';
    device.lost.then((info) => { lost = info.message || 'the device was lost'; });
    const context = /** @type {GPUCanvasContext | null} */ (probeCanvas().getContext('webgpu'));
    if (!context) return `${KIND} gives no webgpu context`;
    context.configure({ device, format: 'bgra8unorm' });
    const encoder = device.createCommandEncoder();
    const view = context.getCurrentTexture().createView();
    encoder.beginRenderPass({ colorAttachments: [{ view, loadOp: 'clear', storeOp: 'store' }] }).end();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    await new Promise((resolve) => setTimeout(resolve, 0)); // the canvas frame ends; a bad set-up dies here
    await device.queue.onSubmittedWorkDone();
    context.unconfigure();
    device.destroy();
    return lost;
  } catch (error) {
    return /** @type {Error} */ (error).message;
  }
}

/** @returns {string} '' = works, else why not */
export function probeWebgl2() {
  const gl = /** @type {WebGL2RenderingContext | null} */ (probeCanvas().getContext('webgl2'));
  if (!gl) return `${KIND} gives no webgl2 context`;
  gl.clearColor(1, 0, 0, 1);
  gl.clear(gl.COLOR_BUFFER_BIT);
  const pixel = new Uint8Array(4);
  gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
  const works = pixel[0] === 255 && !gl.isContextLost();
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  return works ? '' : 'a test frame came back wrong';
}

/** @param {Promise<string>} probe @returns {Promise<string>} */
function timed(probe) {
  const late = new Promise((resolve) => setTimeout(resolve, PROBE_TIMEOUT_MS, `no answer in ${PROBE_TIMEOUT_MS} ms`));
  return Promise.race([probe, /** @type {Promise<string>} */ (late)]);
}

/** @param {Name} name @param {string} note @returns {Choice} */
const choice = (name, note) => ({
  name, note, create: async (parts) => (await MODULES[name]()).createBackend(parts),
});

/** @param {string} [wanted] 'auto' or a backend's name @returns {Promise<Choice>} */
export async function chooseBackend(wanted = 'auto') {
  if (wanted in MODULES) return choice(/** @type {Name} */ (wanted), 'forced');
  if (wanted !== 'auto') {
    throw new Error(`There is no backend "${wanted}"; use auto, ${Object.keys(MODULES).join(', ')}.`);
  }
  const noWebgpu = await timed(probeWebgpu());
  if (!noWebgpu) return choice('webgpu', 'a test frame through WebGPU worked');
  const noWebgl2 = probeWebgl2();
  if (!noWebgl2) return choice('webgl2', `WebGL2 instead of WebGPU: ${noWebgpu}`);
  const neither = `can draw with neither WebGPU (${noWebgpu}) nor WebGL2 (${noWebgl2}).`;
  if (IN_WORKER) throw new Error(`A worker ${neither}`); // the page's thread is tried next
  throw new Error(`This browser ${neither} Try a current Chrome, Edge, Firefox or Safari with hardware acceleration turned on.`);
}
