// @ts-check
/**
 * @file Sound on the page: the AudioContext, which lives here wherever the engine runs, and when it may play.
 *
 * Owns: the context, its unlocking by a gesture, its rest in a hidden page, and decoding. Python decides what is heard
 * (engine_py/layerw/audio/), audio-graph.js makes it heard, audio-music.js streams. In a recording nothing is played:
 * Python mixes, and what it sends is kept (`made`).
 * Limits: everything is 48 kHz; a browser plays nothing before a click, a touch or a key.
 */
import { Graph } from './audio-graph.js';
import { Music } from './audio-music.js';

const RATE = 48_000;
const GESTURES = ['pointerdown', 'pointerup', 'mousedown', 'touchend', 'keydown'];
const HUSH_S = 0.005; // time constant of what comes before a rest
const HUSHED_MS = 40;

/** @typedef {import('../subsystems.js').SubsystemPort} Port */
/** @typedef {{ sound: number, file?: Uint8Array<ArrayBuffer>, back?: boolean, samples?: Float32Array<ArrayBuffer> & { shape: number[] }, rate?: number, live?: number }} SoundMessage */

/** @param {Port} port */
export const start = (port) => new PageSound(port);

class PageSound {
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {Graph | null} */
  #graph = null;
  /** @type {Music | null} */
  #music = null;
  /** A number: of a live sound, its channels. @type {Map<number, AudioBuffer | number>} */
  #sounds = new Map();
  /** @type {Set<number>} Decoded for nobody any more. */
  #forgotten = new Set();
  /** @type {Int16Array[]} */
  #recorded = [];
  #state = 'locked';
  #ran = false;
  #hushed = 0;
  #ended = new AbortController();

  /** @param {Port} port */
  constructor(port) {
    this.port = port;
  }

  /** @param {any} message */
  receive(message) {
    if (message.recorded) this.#recorded.push(message.recorded);
    else if (message.silent !== undefined) this.#recorded.push(new Int16Array(2 * message.silent));
    else if (message.begin) this.#begin(message.begin);
    else if (message.end) this.close();
    else if (message.sound !== undefined) this.#take(message);
    else if (message.forget !== undefined) this.#forget(message.forget);
    else if (message.zone !== undefined) this.#graph?.setZone(message.zone, message.answer ? asBuffer(message.answer, RATE) : null);
    else if (message.music !== undefined) this.#music?.receive(message);
    else this.#graph?.receive(message);
  }

  /** Of a recording: left, right, left, ... */
  made() {
    const all = new Int16Array(this.#recorded.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.#recorded) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  /** The program's App has ended; another may begin. */
  close() {
    clearTimeout(this.#hushed);
    this.#ended.abort();
    this.#music?.close();
    this.#context?.close();
    this.#sounds.clear();
    this.#context = this.#graph = this.#music = null;
    this.#state = 'locked';
    this.#ran = false;
  }

  /** @param {'mix' | 'decode'} what */
  #begin(what) {
    this.close();
    if (what !== 'mix') return;
    this.#ended = new AbortController();
    const context = this.#context = new AudioContext({ sampleRate: RATE, latencyHint: 'interactive' });
    if ('audioSession' in navigator) /** @type {any} */ (navigator).audioSession.type = 'playback'; // else iOS's switch mutes it
    this.#graph = new Graph(context);
    this.#graph.sounds = this.#sounds;
    this.#graph.tellAhead = (slot, seconds) => this.port.send({ ahead: [slot, seconds] });
    this.#music = new Music(this.#graph, context, this.port.send);
    const { signal } = this.#ended;
    context.addEventListener('statechange', () => this.#tellState(), { signal });
    document.addEventListener('visibilitychange', () => this.#seen(), { signal });
    for (const name of GESTURES) window.addEventListener(name, () => this.#wake(), { signal, capture: true, passive: true });
    this.#wake();
    this.#tellState();
  }

  /** Only a gesture may; later ones end what a call or another tab has interrupted. */
  #wake() {
    if (this.#context && !document.hidden && this.#context.state !== 'running') this.#context.resume().catch(() => {});
  }

  #seen() {
    const [context, graph] = [this.#context, this.#graph];
    if (!context || !graph) return;
    clearTimeout(this.#hushed);
    this.#music?.hold(document.hidden);
    graph.out.gain.setTargetAtTime(document.hidden ? 0 : 1, context.currentTime, HUSH_S);
    if (document.hidden) this.#hushed = window.setTimeout(() => context.suspend(), HUSHED_MS);
    else if (this.#ran) this.#wake();
    this.#tellState();
  }

  #tellState() {
    const runs = this.#context?.state === 'running' && !document.hidden;
    this.#ran ||= runs;
    const state = runs ? 'running' : this.#ran ? 'hidden' : 'locked';
    if (state === this.#state) return;
    this.#state = state;
    this.port.send({ state });
  }

  // -- sounds --------------------------------------------------------------------------------------------------

  /** @param {SoundMessage} message */
  #take({ sound, file, back, samples, rate, live }) {
    if (live) this.#sounds.set(sound, live);
    if (samples) this.#sounds.set(sound, asBuffer(samples, /** @type {number} */ (rate)));
    else if (file) this.#decode(sound, file, back === true);
  }

  /** @param {number} sound @param {Uint8Array<ArrayBuffer>} file @param {boolean} back whether Python wants the samples */
  async #decode(sound, file, back) {
    try {
      const buffer = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(file.slice().buffer);
      if (this.#forgotten.delete(sound)) return;
      const channels = Math.min(buffer.numberOfChannels, 2);
      const about = { sound, seconds: buffer.duration, channels, length: buffer.length };
      if (back) return this.port.send({ ...about, samples: together(buffer, channels) });
      this.#sounds.set(sound, buffer);
      this.port.send(about);
    } catch (error) {
      if (this.#forgotten.delete(sound)) return;
      this.port.send({ sound, error: `the browser can't decode it: ${/** @type {Error} */ (error).message || error}` });
    }
  }

  /** @param {number} sound */
  #forget(sound) {
    if (!this.#sounds.delete(sound)) this.#forgotten.add(sound);
  }
}

/** @param {Float32Array<ArrayBuffer> & { shape: number[] }} samples (channels, n) @param {number} rate */
function asBuffer(samples, rate) {
  const [channels, length] = samples.shape;
  const buffer = new AudioBuffer({ numberOfChannels: channels, length, sampleRate: rate });
  for (let channel = 0; channel < channels; channel += 1) buffer.copyToChannel(samples.subarray(channel * length, (channel + 1) * length), channel);
  return buffer;
}

/** Its first channels, one after another, as a message carries them. @param {AudioBuffer} buffer @param {number} channels */
function together(buffer, channels) {
  const samples = Object.assign(new Float32Array(channels * buffer.length), { shape: [channels, buffer.length] });
  for (let channel = 0; channel < channels; channel += 1) samples.set(buffer.getChannelData(channel), channel * buffer.length);
  return samples;
}
