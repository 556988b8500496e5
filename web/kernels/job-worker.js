// @ts-check
/**
 * One worker of Layer memory: an instance of worker.wasm on the shared memory that runs jobs until it shall end.
 *
 * Owns: its instance. It parks on the job queue, so it hears no messages while it runs; it ends by lw_thread_stop.
 * It holds a Web Lock as long as it lives, by which threads.js sees that it is gone.
 * A job that traps is marked failed here, at once, so that nobody waits for it; threads.js then replaces this worker.
 */

/** @param {{module: WebAssembly.Module, memory: WebAssembly.Memory, slot: number, stack: number, tls: number}} start */
function run({ module, memory, slot, stack, tls }) {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const kernels = /** @type {Record<string, any>} */ (exports);
  kernels.__stack_pointer.value = stack | 0;
  kernels.__wasm_init_tls(tls);
  try {
    return { code: kernels.lw_worker_run(slot), error: '' };
  } catch (error) {
    kernels.__stack_pointer.value = stack | 0;
    kernels.lw_thread_trapped(slot, 0);
    return { code: 11, error: String(error) };
  }
}

/** @param {string} name @returns {Promise<boolean>} false where the browser has no locks */
function hold(name) {
  const { locks } = navigator;
  if (!locks) return Promise.resolve(false);
  return new Promise((resolve, reject) => {
    locks.request(name, () => (resolve(true), new Promise(() => {}))).catch(reject);
  });
}

self.onmessage = async ({ data }) => {
  let end;
  try {
    if (await hold(data.lock)) self.postMessage({ held: true });
    end = run(data);
  } catch (error) {
    end = { code: 14, error: String(error) };
  }
  self.postMessage(end);
};
