/** Types that several modules of the page share. No values: imported in JSDoc only, as './types.js'. */

export interface EngineOptions {
  /** Folder of web/*.js, ends with /. */
  baseUrl: string;
  /** Folder of Pyodide, ends with /. */
  runtimeUrl: string;
  /** The engine's sources as a zip (development server). */
  engineUrl: string;
  /** Folder of the kernel modules, ends with /. */
  kernelsUrl: string;
  /** Folder of the program, ends with /. */
  appUrl: string;
  /** The file to run; '' = the manifest's. */
  program: string;
  /** That file's text in its place; null = the file's own. */
  text: string | null;
  backend: 'auto' | 'webgpu' | 'webgl2' | 'null';
  thread: 'worker' | 'main';
  /** Why the engine runs on the page's thread although a worker was asked for; '' = it does not. */
  threadNote: string;
  clock: 'real' | 'virtual';
  /** What `app.quality` is at first. */
  quality: 'auto' | 'low' | 'medium' | 'high';
  /** Whether sounds are played; record: they are mixed for `layerw shot --audio` instead. */
  sound: 'on' | 'off' | 'record';
  /** Frames to run, then a result is posted; 0 = for ever. */
  frames: number;
  /** With `frames`: go on until no tile is wanted. */
  settled: boolean;
  /** The surface at the start, device pixels. */
  width: number;
  height: number;
  pixelRatio: number;
  isolated: boolean;
  /** performance.timeOrigin of the page: boot times count from the navigation. */
  navigationMs: number;
  decodeWorkers: number;
  /** Budgets that the page forces, in MiB; null = the program's. */
  budgets: Record<string, number> | null;
  /** What the page's address says to the program: parameters that are no attribute of the element. */
  query: Record<string, string>;
  /** What the page's last start kept (layerw/live), or nothing. */
  kept: Record<string, any>;
}

export interface BackendStats {
  draws: number;
  triangles: number;
  liveHandles: number;
  gpuBytes: number;
  gpuMs?: number | null;
}

export interface Pixels {
  width: number;
  height: number;
  data: Uint8Array;
}

/** A backend: the sink of commands 1 to 31, and what the engine asks of it. */
export type Backend = import('./gen/commands.js').GpuSink & {
  /** Commands before device_begin are passed over. */
  expectsBegin: boolean;
  resize(width: number, height: number): void;
  /** Shaders of programs on their way. */
  readonly compiling: number;
  stats(): BackendStats;
  readPixels(): Promise<Pixels>;
  readProbes(): Promise<import('./backends/common/readings.js').Lines>;
  loseDevice(): void | Promise<void>;
  destroy(): void;
};
