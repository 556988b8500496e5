// @ts-check
/** @file GPU time of each pass by EXT_disjoint_timer_query_webgl2, where the context has it.
 *
 * Owns: the queries of at most RING frames; they are asked for when a later frame begins, so nothing waits.
 */
import { PassTimes, isTimed } from '../common/timing.js';

const RING = 3;
/** More than any pass takes: an answer from a time when the GPU's clock changed. GPU_DISJOINT would say so, but asking waits
 * for everything that is drawn. */
const SANE_MS = 1000;

export class GlTimer {
  /** Frames whose times are on their way, with the timers of their queries. @type {{ timed: string, names: string[], queries: WebGLQuery[] }[]} */
  #waiting = [];
  /** @type {{ timed: string, names: string[], queries: WebGLQuery[] } | null} */
  #frame = null;
  #isOpen = false;

  /** @param {WebGL2RenderingContext} gl */
  constructor(gl) {
    this.gl = gl;
    this.extension = gl.getExtension('EXT_disjoint_timer_query_webgl2');
    this.times = new PassTimes(this.extension !== null);
  }

  /** @param {string} timed the timer that this frame measures, '' = none */
  beginFrame(timed) {
    this.#poll();
    this.#frame = timed !== '' && this.#waiting.length < RING ? { timed, names: [], queries: [] } : null;
  }

  /** @param {string} name */
  begin(name) {
    if (!this.#frame || !isTimed(this.#frame.timed, name)) return;
    const query = this.gl.createQuery();
    this.gl.beginQuery(this.extension.TIME_ELAPSED_EXT, query);
    this.#frame.queries.push(query);
    this.#frame.names.push(name);
    this.#isOpen = true;
  }

  end() {
    if (this.#isOpen) this.gl.endQuery(this.extension.TIME_ELAPSED_EXT);
    this.#isOpen = false;
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
      const times = queries.map((query) => gl.getQueryParameter(query, gl.QUERY_RESULT) / 1e6);
      if (times.every((ms) => ms < SANE_MS)) this.times.addEach(names, times);
      for (const query of queries) gl.deleteQuery(query);
      this.#waiting.shift();
    }
  }
}
