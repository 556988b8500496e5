/**
 * Defines <layer-w>: `import 'layerw'`. Modules that import this wait until it is defined, so that libraries find its properties
 * when they first render it (else they would write objects as texts). `layerw/define` defines it without a wait.
 */
import { define } from './define.js';

export { define };
await define().catch((error) => console.error(error.message));
