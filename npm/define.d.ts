/**
 * Defines <layer-w>; its files are loaded from `base`, the folder of `npx layerw copy`. With layerw/vite no base is needed.
 * Gives the class; undefined where there is no page (server-side rendering).
 */
export function define(options?: { base?: string }): Promise<CustomElementConstructor | undefined>;
