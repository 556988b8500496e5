/**
 * The worker's entry: takes the first message and becomes the engine.
 *
 * Owns: that the engine's modules and the runtime's load at the same time; importing engine.js statically would put
 * one after the other. Does not: anything else that thread="main" would not do too (that calls startEngine itself).
 */
const RUNTIME_MODULES = ['pyodide.mjs', 'pyodide.asm.mjs'];

const engine = import('./engine.js');
// host.js hears of it as an error of the worker, as of any other script that can't be loaded.
engine.catch(reportError);

addEventListener('message', ({ data }) => {
  // What is missing, boot.js says when it asks for the same module.
  for (const name of RUNTIME_MODULES) import(`${data.options.runtimeUrl}${name}`).catch(() => {});
  engine.then(({ startEngine }) => startEngine(data), () => {});
}, { once: true });

export {};
