/**
 * Defines <layer-w> for a page that was bundled.
 *
 * Owns: where the element's own files are. They are loaded by the browser itself, not by the bundler: workers, WebAssembly and
 * Python find each other by their addresses.
 */

/* global __LAYERW_BASE__ */
/** Set by layerw/vite. */
const GIVEN = typeof __LAYERW_BASE__ === 'string' ? __LAYERW_BASE__ : null;
/** @type {Promise<any> | null} */
let defined = null;

/**
 * @param {{ base?: string }} [options] base: the address of the folder that `npx layerw copy` made, which holds web/, kernels/ and
 *   runtime/. layerw/vite knows it by itself
 * @returns {Promise<any>} the class, once it is defined; undefined where there is no page (server-side rendering)
 */
export function define({ base = GIVEN } = {}) {
  if (typeof document === 'undefined') return Promise.resolve(undefined);
  if (typeof base !== 'string') {
    return Promise.reject(new Error("layerw doesn't know where its files are. With Vite: plugins: [layerw()] of 'layerw/vite'. "
      + "Else: `npx layerw copy public/layerw`, and define({ base: '/layerw/' }) of 'layerw/define'."));
  }
  const folder = new URL(base.endsWith('/') ? base : `${base}/`, document.baseURI);
  const script = new URL('web/layer-w.js', folder).href;
  defined ??= import(/* @vite-ignore */ /* webpackIgnore: true */ script).then((module) => module.LayerW, (error) => {
    defined = null;
    throw new Error(`<layer-w> could not be loaded from ${script}: ${error?.message ?? error}`);
  });
  return defined;
}
