/**
 * Questions that the page (tests, the shot command, the overlay) asks the engine, each with one answer.
 *
 * Owns: nothing. Does not: run inside of a frame.
 */

/**
 * Live objects that a leak would pile up.
 * @param {import('./engine.js').Engine} engine
 */
function counts(engine) {
  const stats = engine.backend?.stats();
  return {
    handles: stats?.liveHandles ?? 0,
    transfers: engine.transfers.stats().live,
    // JavaScript objects that Python holds, by Pyodide's own table of references.
    proxies: engine.pyodide === null ? 0 : engine.pyodide._module._hiwire_num_refs(),
    frame_callbacks: engine.glue.started ? 1 : 0,
  };
}

/** @type {Record<string, (engine: import('./engine.js').Engine, argument: any) => any>} */
const ANSWERS = {
  report: (engine, flags) => engine.reporter.request(flags ?? 0),
  counts,
  readPixels: (engine) => engine.backend?.readPixels(),
  readProbes: (engine) => engine.backend?.readProbes(),
  loseDevice: (engine) => engine.backend?.loseDevice(),
  /** Job workers alive, and how many replaced another one. */
  threads: async (engine) => {
    const threads = await engine.threads?.try();
    return { workers: threads?.count ?? 0, replaced: threads?.replacedCount ?? 0 };
  },
  loseThread: async (engine) => (await engine.threads?.try())?.lose(),
  stats: (engine) => engine.reporter.full(),
  reload: async (engine, names) => (await import('./live.js')).reload(engine, names),
  /** A question of the inspector. */
  inspect: async (engine, text) => (await import('./inspecting.js')).ask(engine, text),
  python: (engine, code) => engine.pyodide.runPython(code),
};

/**
 * @param {import('./engine.js').Engine} engine
 * @param {{id: number, what: string, argument: unknown}} message
 */
export async function answerRequest(engine, { id, what, argument }) {
  try {
    const answer = ANSWERS[what];
    if (answer === undefined) throw new Error(`The engine has no answer to ${JSON.stringify(what)}.`);
    engine.port.postMessage({ type: 'reply', id, value: await answer(engine, argument) });
  } catch (error) {
    engine.port.postMessage({ type: 'reply', id, error: String(error) });
  }
}
