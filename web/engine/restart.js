// @ts-check
/**
 * @file Another start of a program where one has run: Pyodide, the GPU device with its pipelines, canvas and decode
 * workers stay; all that the last program made goes.
 *
 * Owns: the order. Does not: end the page's half (page/host.js does, between the two steps), nor carry values over
 * (options.kept does). Limits: only once Python is there; a Python that does not answer is the page's to give up.
 */
import { Layer } from '../kernels/layer.js';

const END_PY = 'from layerw.hosts.again import end\nend';
const ROOTS = ['/app', '/store'];

/** @typedef {import('./engine.js').Engine} Engine */
/** @typedef {{ kept: Record<string, any>, appUrl: string, program: string, text: string | null }} Given */

/** Nothing of the program is left; what it still says to the page has been said. @param {Engine} engine */
export async function endProgram(engine) {
  const { pyodide, boot } = engine;
  if (pyodide === null || boot === null) throw new Error('Python has not started yet.');
  engine.loop.stop();
  engine.loop.rewind();
  engine.between.enabled = false;
  const end = pyodide.runPython(END_PY);
  try {
    end(...ROOTS);
  } finally {
    end.destroy();
  }
  boot.flushOutput();
  engine.glue.stop();
  engine.readbacks.destroy();
  engine.feeds.destroy();
  engine.transfers.restart();
  engine.backend?.beginAnew();
  await closeLayer(engine);
  engine.inbox.clear();
  engine.reporter.restart();
  engine.figures.restart();
}

/** Its memory goes, its compiled modules stay. @param {Engine} engine */
async function closeLayer(engine) {
  await Promise.all([engine.threads?.stop(), engine.far?.stop()]);
  engine.threads = engine.far = null;
  if (engine.layer === null || engine.layer.memory === null) return;
  engine.layer.close();
  engine.layer = new Layer(engine.layer.modules, engine.layer.shared);
}

/** @param {Engine} engine @param {Given} given */
export async function beginProgram(engine, given) {
  const { boot, options, transfers, feeds } = engine;
  if (boot === null) throw new Error('Python has not started yet.');
  Object.assign(options, given);
  transfers.baseUrl = given.appUrl;
  feeds.baseUrl = given.appUrl;
  await boot.again(options);
  await engine.run(boot);
}
