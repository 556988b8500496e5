// @ts-check
/**
 * One worker of Layer memory: an instance of worker.wasm on the shared memory that runs jobs until it shall end.
 *
 * Owns: its instance. It parks on the job queue, so it hears no messages while it runs; it ends by lw_thread_stop.
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

self.onmessage = ({ data }) => {
  let end;
  try {
    end = run(data);
  } catch (error) {
    end = { code: 14, error: String(error) };
  }
  self.postMessage({ slot: data.slot, ...end });
};
