/**
 * A plugin of Vite, and so of Astro, SvelteKit, Nuxt and others: the engine's files are served while one develops and copied by
 * the build, and each folder of public/ with a main.py gets its manifest.json.
 */
import { cpSync, createReadStream, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folders, manifest, programs } from './files.js';

const TYPES = /** @type {Record<string, string>} */ ({ js: 'text/javascript', mjs: 'text/javascript', wasm: 'application/wasm',
  json: 'application/json', css: 'text/css', wgsl: 'text/plain', svg: 'image/svg+xml' });

/**
 * @param {{ url?: string, folder?: string }} [options] folder: of the engine's files in the build, "layerw" by default. url: where
 *   they lie already; then nothing is copied
 */
export default function layerw({ url = '', folder = 'layerw' } = {}) {
  /** @type {any} */
  let config;
  return {
    name: 'layerw',
    config(/** @type {any} */ given) {
      const base = url || `${given.base ?? '/'}${(given.base ?? '/').endsWith('/') ? '' : '/'}${folder}/`;
      return { define: { __LAYERW_BASE__: JSON.stringify(base) }, optimizeDeps: { exclude: ['layerw'] }, ssr: { noExternal: ['layerw'] } };
    },
    configResolved(/** @type {any} */ resolved) {
      config = resolved;
    },
    configureServer(/** @type {any} */ server) {
      server.middlewares.use((/** @type {any} */ request, /** @type {any} */ response, /** @type {() => void} */ next) => {
        const path = decodeURIComponent(new URL(request.url, 'http://a/').pathname).slice(config.base.length);
        const [first, name, ...rest] = path.split('/');
        if (!url && first === folder && Object.hasOwn(folders(), name) && !rest.includes('..')) {
          return answer(response, join(folders()[name], ...rest), next);
        }
        const program = path.endsWith('/manifest.json') ? path.slice(0, -'manifest.json'.length) : null;
        if (program === null || !config.publicDir || !programs(config.publicDir).includes(program)) return next();
        response.setHeader('Content-Type', 'application/json');
        response.end(manifest(join(config.publicDir, program)));
      });
    },
    writeBundle(/** @type {any} */ output) {
      if (/** @type {any} */ (this).environment?.config?.consumer === 'server') return;
      for (const [name, from] of url ? [] : Object.entries(folders())) {
        cpSync(from, join(output.dir, folder, name), { recursive: true });
      }
      for (const program of config.publicDir ? programs(config.publicDir) : []) {
        mkdirSync(join(output.dir, program), { recursive: true });
        writeFileSync(join(output.dir, program, 'manifest.json'), manifest(join(config.publicDir, program)));
      }
    },
  };
}

/** @param {any} response @param {string} path @param {() => void} next */
function answer(response, path, next) {
  const status = statSync(path, { throwIfNoEntry: false });
  if (!status?.isFile()) return next();
  response.setHeader('Content-Type', TYPES[path.slice(path.lastIndexOf('.') + 1)] ?? 'application/octet-stream');
  response.setHeader('Content-Length', status.size);
  createReadStream(path).pipe(response);
}
