// @ts-check
/**
 * @file An edit, written into the program's source by the development server.
 *
 * Owns: the order: the page takes no changed file while the server writes, then Python takes the new text as what runs,
 * so that nothing starts again for a number that is in the scene already. Does not: know Python or files.
 */

/**
 * @param {import('./inspector.js').Inspector} inspector
 * @param {{ name: string, module: string, site: { file: string, line: number } | null }} found of the entity
 * @param {string} argument @param {unknown} value
 * @returns {Promise<string>} what was done; rejects with a sentence
 */
export async function writeInto(inspector, { name, module, site }, argument, value) {
  const { page } = inspector;
  const file = site?.file ?? module;
  if (!file) throw new Error('Nobody knows which line spawned it: start with layerw run --inspect, which sees each.');
  page.live.hold(true);
  try {
    const running = await inspector.ask('source', { file });
    const answer = await fetch(new URL('../inspect/write', page.host.options.baseUrl), {
      method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${page.token}` },
      body: JSON.stringify({ file, line: site?.line ?? 0, name, argument, value, sha256: await sum(running) }),
    });
    const said = await answer.json().catch(() => ({ error: `The server answered ${answer.status} ${answer.statusText}.` }));
    if (!answer.ok) throw new Error(said.error);
    if (said.top && said.same_lines) await inspector.ask('adopt', { file, text: said.text });
    return `${argument} is in line ${said.line} of ${file} now.`;
  } finally {
    page.live.hold(false);
  }
}

/** @param {string} text */
async function sum(text) {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
