/** `import 'layerw/react'`, types only: React 19 knows <layer-w>. */
import type { LayerWProps } from './index.js';

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'layer-w': LayerWProps;
    }
  }
}
