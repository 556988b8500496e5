/**
 * The files that <layer-w> loads, and the list that a program's folder needs; for cli.js and vite.js, in Node.
 * Limits: as of the server's manifests: 500 modules, 3,000 other files, 6 folders deep; hidden files and links are passed over.
 */
import { lstatSync, readdirSync, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const MODULES_MAX = 500;
const FILES_MAX = 3000;
const DEPTH_MAX = 6;
const PASSED_OVER = /^(\.|__pycache__$|node_modules$)/;

/** Where the folders of an engine lie. @returns {Record<string, string>} web, kernels, runtime */
export function folders() {
  let runtime;
  try {
    runtime = dirname(createRequire(import.meta.url).resolve('@layerw/runtime/package.json'));
  } catch {
    throw new Error('layerw needs the package @layerw/runtime of the same version: npm install @layerw/runtime');
  }
  return { web: join(HERE, 'web'), kernels: join(HERE, 'kernels'), runtime: join(runtime, 'files') };
}

/** @param {string} root @param {string} [below] @param {number} [depth] @returns {string[]} relative, with slashes */
export function list(root, below = '', depth = 0) {
  const found = [];
  for (const entry of readdirSync(join(root, below), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const name = below ? `${below}/${entry.name}` : entry.name;
    if (PASSED_OVER.test(entry.name)) continue;
    if (entry.isFile()) found.push(name);
    else if (entry.isDirectory() && depth < DEPTH_MAX) found.push(...list(root, name, depth + 1));
  }
  return found;
}

/**
 * manifest.json of a program's folder.
 * @param {string} folder @param {string} [program]
 * @returns {string}
 */
export function manifest(folder, program = 'main.py') {
  if (!existsSync(join(folder, program))) throw new Error(`${folder} has no ${program}; give the folder of a program.`);
  const names = list(folder).filter((name) => name !== 'manifest.json');
  const modules = names.filter((name) => name.endsWith('.py'));
  const others = names.filter((name) => !name.endsWith('.py'));
  if (modules.length > MODULES_MAX) throw new Error(`${folder} holds more than ${MODULES_MAX} Python files.`);
  const files = Object.fromEntries(others.slice(0, FILES_MAX).map((name) => [name, lstatSync(join(folder, name)).size]));
  const left = Math.max(0, others.length - FILES_MAX);
  return `${JSON.stringify({ program, modules, engine: 'wheel', files, ...(left ? { files_left_out: left } : {}) }, null, 1)}\n`;
}

/** Folders below `root` with a main.py and without a manifest of their own. @param {string} root @returns {string[]} */
export function programs(root) {
  if (!existsSync(root)) return [];
  return list(root).filter((name) => /(^|\/)main\.py$/.test(name)).map((name) => name.slice(0, -'main.py'.length))
    .filter((folder) => !existsSync(join(root, folder, 'manifest.json')));
}
