// @ts-check
/**
 * @file A question of the inspector, handed to layerw/inspecting between two frames.
 *
 * Owns: Python's function while the inspector is open. Does not: exist in an export.
 */

/** By engine, so that an inspector that is closed leaves no proxy. @type {WeakMap<object, any>} */
const asks = new WeakMap();

/**
 * @param {import('./engine.js').Engine} engine
 * @param {string} text {"do": what, ...}
 * @returns {Promise<string>} {"value"} or {"error"}
 */
export async function ask(engine, text) {
  const question = JSON.parse(text);
  if (!engine.glue.started) return JSON.stringify({ error: 'The program does not run yet.' });
  if (!asks.has(engine)) asks.set(engine, engine.pyodide.runPython('from layerw.inspecting import ask\nask'));
  const proxy = asks.get(engine);
  try {
    return proxy(text);
  } finally {
    if (question.do === 'close') {
      asks.delete(engine);
      proxy.destroy();
    }
  }
}
