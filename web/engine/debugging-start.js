// @ts-check
/**
 * @file Tells the page the program's manifest; under a development server the debugger's way to Python comes with it.
 *
 * Owns: nothing. Its own file, so that an export fetches nothing of the debugger.
 */

/**
 * @param {import('./boot.js').Manifest} manifest
 * @param {import('../types.js').EngineOptions} options
 * @param {MessagePort} port to the page
 * @returns {Promise<import('./debugging.js').Debugging | null>} null: not under a development server
 */
export async function debuggingOf(manifest, options, port) {
  if (manifest.engine !== 'zip') {
    port.postMessage({ type: 'manifest', manifest });
    return null;
  }
  const { Debugging } = await import('./debugging.js');
  const debugging = new Debugging(options, (message) => port.postMessage(message));
  port.postMessage({ type: 'manifest', manifest, mailbox: debugging.buffer, lacks: debugging.lacks });
  return debugging;
}
