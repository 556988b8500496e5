/**
 * After the GPU was lost and the browser gave no device at once: keeps asking, slowly, and takes WebGL2 where it comes first.
 *
 * Browsers refuse WebGPU for some minutes to a page whose GPU process ended repeatedly. Owns: the waiting. Does not: know
 * commands; Python makes everything again when it hears device_restored. Limits: WebGL2 needs a canvas that never had
 * another context: a worker's fresh one (renewCanvas); on the page's thread only WebGPU is asked for.
 */
import { chooseBackend, probeWebgl2 } from '../backends/choose.js';

const RETRY_MS = 3000;

/** @typedef {import('../types.js').Backend} Backend */
/**
 * @typedef {object} RecoveryHooks
 * @property {() => boolean} stopped
 * @property {(level: number, text: string) => void} log
 * @property {(canvas: HTMLCanvasElement | OffscreenCanvas) => object} parts what a backend is made of
 * @property {(backend: Backend, name: string) => void} use draws with this one from now on
 */

/**
 * @param {any} lost the WebGPU backend
 * @param {string} reason why no device came
 * @param {RecoveryHooks} hooks
 */
export async function recoverGpu(lost, reason, hooks) {
  hooks.log(1, `The GPU was lost and no device came at once: ${reason} The program goes on; a device is asked for every ` +
    `${RETRY_MS / 1000} s, and WebGL2 is taken where WebGPU stays away.`);
  const mayChange = lost.renewCanvas !== undefined;
  while (!hooks.stopped()) {
    if (await lost.tryAgain()) return hooks.log(1, 'The GPU is back (WebGPU).');
    if (mayChange && probeWebgl2() === '' && !hooks.stopped()) {
      const { create } = await chooseBackend('webgl2');
      try {
        const backend = await create(hooks.parts(lost.canvas));
        lost.destroy();
        hooks.use(backend, 'webgl2');
        return hooks.log(1, 'The GPU is back; WebGL2 draws, because the browser gives no WebGPU device any more.');
      } catch (error) {
        hooks.log(1, `WebGL2 did not start: ${error}`);
        lost.canvas = await lost.renewCanvas();
      }
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}
