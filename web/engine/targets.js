// @ts-check
/**
 * @file Looks at targets of the frame for the inspector: which there are, and one of them small, as numbers.
 *
 * Owns: the API's looker, made with the first look. Does not: exist before somebody asks, nor know what a picture of numbers
 * looks like (web/inspector/targets.js). Limits: one look at a time; the main view.
 */
import { Look, targetsOf } from '../backends/common/looking.js';

/** @typedef {import('../backends/common/looking.js').Looked} Looked */

/** By executor: a new device has a new one. @type {WeakMap<object, Promise<import('../backends/common/looking.js').Looker>>} */
const lookers = new WeakMap();

/** @param {import('./engine.js').Engine} engine @returns {import('../backends/common/driver.js').Driver} */
function driverOf({ backend }) {
  const driver = /** @type {import('../backends/common/core.js').Core | null} */ (/** @type {unknown} */ (backend))?.driver;
  if (!driver) throw new Error('The GPU was lost, or nothing has been drawn yet: there are no targets.');
  return driver;
}

/** @param {import('./engine.js').Engine} engine */
const mainView = ({ backend }) => {
  const views = /** @type {import('../backends/common/core.js').Core} */ (/** @type {unknown} */ (backend)).views;
  if (!views[0]?.hasBlock) throw new Error('No view has been drawn yet.');
  return views[0];
};

/** @param {import('./engine.js').Engine} engine @returns {import('../backends/common/looking.js').Shown[]} */
export function list(engine) {
  return targetsOf(driverOf(engine).graph, mainView(engine));
}

/** @param {import('./engine.js').Engine} engine @param {import('../backends/common/looking.js').Wanted} wanted
 * @returns {Promise<Looked>} */
export async function look(engine, wanted) {
  const { graph, executor } = driverOf(engine);
  if (!executor.looker) throw new Error('This backend draws nothing that could be looked at.');
  if (!lookers.has(executor)) lookers.set(executor, executor.looker());
  const looker = /** @type {import('../backends/common/looking.js').Looker} */ (await lookers.get(executor));
  graph.look?.fail('Somebody else looks at another target.');
  graph.look = new Look(looker, mainView(engine), wanted);
  return graph.look.looked;
}
