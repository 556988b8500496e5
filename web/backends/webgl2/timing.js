// @ts-check
/** @file GPU time of each pass by EXT_disjoint_timer_query_webgl2, where the context has it.
 *
 * Owns: the queries of at most RING frames; they are asked for when a later frame begins, so nothing waits.
 */
import { PassTimes } from '../common/timing.js';

const RING = 3;

export class GlTimer {
  /** Frames whose times are on their way. @type {{ names: string[], queries: WebGLQuery[] }[]} */
  #waiting = [];
  /** @type {{ names: string[], queries: WebGLQuery[] } | null} */
  #frame = null;

  /** @param {WebGL2RenderingContext} gl */
  constructor(gl) {
    this.gl = gl;
    this.extension = gl.getExtension('EXT_disjoint_timer_query_webgl2');
    this.times = new PassTimes(this.extension !== null);
  }

  /** @param {boolean} timed */
  beginFrame(timed) {
    this.#poll();
    this.#frame = timed && this.#waiting.length < RING ? { names: [], queries: [] } : null;
  }

  /** @param {string} name */
  begin(name) {
    if (!this.#frame) return;
    const query = this.gl.createQuery();
    this.gl.beginQuery(this.extension.TIME_ELAPSED_EXT, query);
    this.#frame.names.push(name);
    this.#frame.queries.push(query);
  }

  end() {
    if (this.#frame) this.gl.endQuery(this.extension.TIME_ELAPSED_EXT);
  }

  endFrame() {
    if (this.#frame && this.#frame.queries.length > 0) this.#waiting.push(this.#frame);
    this.#frame = null;
  }

  #poll() {
    const { gl } = this;
    while (this.#waiting.length > 0) {
      const [{ names, queries }] = this.#waiting;
      if (!gl.getQueryParameter(queries[queries.length - 1], gl.QUERY_RESULT_AVAILABLE)) return;
      const isBroken = gl.getParameter(this.extension.GPU_DISJOINT_EXT); // the clock changed meanwhile
      if (!isBroken) this.times.add(names, queries.map((query) => gl.getQueryParameter(query, gl.QUERY_RESULT) / 1e6));
      for (const query of queries) gl.deleteQuery(query);
      this.#waiting.shift();
    }
  }
}
