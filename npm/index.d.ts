/** <layer-w>: docs/element.md of layerw says what each of these is. */
export interface LayerWAttributes {
  src?: string;
  backend?: 'auto' | 'webgpu' | 'webgl2' | 'null';
  thread?: 'worker' | 'main';
  query?: string;
  budgets?: string;
  runtime?: string;
  kernels?: string;
  clock?: 'real' | 'virtual';
  quality?: 'auto' | 'low' | 'medium' | 'high';
  sound?: 'on' | 'off' | 'record';
  frames?: number | string;
  settled?: boolean;
  loading?: 'eager' | 'lazy';
  poster?: string;
  wheel?: 'auto' | 'program' | 'page';
  autofocus?: boolean;
}

/** What crosses between page and program. */
export type Value = null | boolean | number | string | ArrayBufferView | Value[] | { [name: string]: Value };

export interface PageTextures {
  set(name: string, source: CanvasImageSource | ImageData, options?: { live?: boolean }): void;
  update(name: string): void;
  delete(name: string): void;
  has(name: string): boolean;
}

export interface LayerWEvents {
  'layerw-progress': CustomEvent<{ stage: string; fraction: number }>;
  'layerw-ready': CustomEvent<{ backend: string; note: string; thread: string }>;
  'layerw-report': CustomEvent<Record<string, any>>;
  'layerw-log': CustomEvent<{ level: 'info' | 'warning' | 'error'; text: string }>;
  'layerw-error': CustomEvent<string>;
  'layerw-file': CustomEvent<{ name: string; blob: Blob }>;
}

export interface LayerW extends HTMLElement {
  src: string;
  backend: string;
  thread: string;
  query: string | Record<string, string>;
  budgets: string | Record<string, number>;
  runtime: string;
  kernels: string;
  clock: string;
  quality: string;
  sound: string;
  /** The program's text, in place of the file's that `src` names. */
  text: string | null;
  frames: number | string;
  settled: boolean;
  loading: string;
  poster: string;
  wheel: string;
  readonly ready: Promise<LayerW>;
  readonly finished: Promise<{ report: Record<string, any> }> | undefined;
  readonly report: Record<string, any> | null;
  readonly errors: string[];
  readonly textures: PageTextures;
  start(): void;
  stop(): Promise<boolean>;
  send(name: string, value?: Value): void;
  addEventListener<Name extends keyof LayerWEvents>(name: Name, listener: (this: LayerW, event: LayerWEvents[Name]) => any,
    options?: boolean | AddEventListenerOptions): void;
  addEventListener(name: string, listener: EventListenerOrEventListenerObject | ((event: CustomEvent<any>) => any) | null,
    options?: boolean | AddEventListenerOptions): void;
}

export { define } from './define.js';

/** For React 19: `<layer-w src="/game/main.py" />`; other libraries take what TypeScript knows of the tag. */
export interface LayerWProps extends LayerWAttributes {
  [name: string]: any;
}

declare global {
  interface HTMLElementTagNameMap {
    'layer-w': LayerW;
  }
}
