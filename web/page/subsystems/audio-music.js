// @ts-check
/**
 * @file Music that the browser streams: a media element for each piece, through the graph's bus.
 *
 * Owns: the elements. Does not: fade; Python sends gains. They are held with the page, and play on from where they were.
 */

const RAMP_S = 0.02;
const SEEK_S_MIN = 0.25; // less is not worth a seek
const REASONS = ['', 'it was aborted', 'the network failed', 'it is damaged', 'there is no such file, or the browser can\'t play its format'];

/** @typedef {{ music: number, url?: string, base?: string, loop?: boolean, bus?: number, gain?: number, play?: number, stop?: boolean }} Order */
/** @typedef {{ element: HTMLAudioElement, gain: GainNode, source: MediaElementAudioSourceNode, wanted: boolean, ended: AbortController }} Piece */

export class Music {
  /** @type {Map<number, Piece>} */
  #pieces = new Map();
  #held = false;

  /** @param {import('./audio-graph.js').Graph} graph @param {AudioContext} context @param {(message: object) => void} tell */
  constructor(graph, context, tell) {
    this.graph = graph;
    this.context = context;
    this.tell = tell;
  }

  /** @param {Order} order */
  receive(order) {
    if (order.url !== undefined) this.#open(order);
    const piece = this.#pieces.get(order.music);
    if (!piece) return;
    if (order.gain !== undefined) piece.gain.gain.setTargetAtTime(order.gain, this.context.currentTime, RAMP_S);
    if (order.play !== undefined) this.#play(piece, order.play);
    if (order.stop) this.#end(order.music, piece);
  }

  /** The page is hidden, or seen again. @param {boolean} held */
  hold(held) {
    this.#held = held;
    for (const { element, wanted } of this.#pieces.values()) {
      if (held) element.pause();
      else if (wanted) element.play().catch(() => {});
    }
  }

  close() {
    for (const [music, piece] of this.#pieces) this.#end(music, piece);
  }

  /** @param {Order} order */
  #open({ music, url, base, loop, bus }) {
    const element = new Audio();
    const ended = new AbortController();
    const { signal } = ended;
    element.crossOrigin = 'anonymous'; // of another server it would be silent without
    element.loop = loop === true;
    element.preload = 'auto';
    element.addEventListener('loadedmetadata', () => Number.isFinite(element.duration) && this.tell({ music, seconds: element.duration }), { signal });
    element.addEventListener('ended', () => this.tell({ music, ended: true }), { signal });
    element.addEventListener('error', () => this.tell({ music, error: `the browser can't play it: ${element.error?.message || REASONS[element.error?.code ?? 4]}.` }), { signal });
    element.src = new URL(/** @type {string} */ (url), base || document.baseURI).href;
    const source = this.context.createMediaElementSource(element);
    const gain = new GainNode(this.context, { gain: 0 });
    source.connect(gain).connect(this.graph.bus(bus ?? 0));
    this.#pieces.set(music, { element, gain, source, wanted: false, ended });
  }

  /** @param {Piece} piece @param {number} seconds where it would be by now */
  #play(piece, seconds) {
    const { element } = piece;
    piece.wanted = true;
    const seek = () => {
      if (seconds > SEEK_S_MIN && Number.isFinite(element.duration)) element.currentTime = element.loop ? seconds % element.duration : Math.min(seconds, element.duration);
    };
    if (element.readyState > 0) seek();
    else element.addEventListener('loadedmetadata', seek, { once: true, signal: piece.ended.signal });
    if (!this.#held) element.play().catch(() => {}); // what is wrong, the event says
  }

  /** @param {number} music @param {Piece} piece */
  #end(music, { element, gain, source, ended }) {
    this.#pieces.delete(music);
    ended.abort();
    const { currentTime } = this.context;
    gain.gain.setTargetAtTime(0, currentTime, RAMP_S / 4);
    setTimeout(() => {
      element.pause();
      element.removeAttribute('src');
      element.load();
      source.disconnect();
      gain.disconnect();
    }, RAMP_S * 2000);
  }
}
