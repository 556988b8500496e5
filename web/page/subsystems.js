// @ts-check
/**
 * @file The page's halves of subsystems: web/page/subsystems/NAME.js, imported with the first message to it.
 *
 * Owns: which ones run. Messages of one stay in their order. One that fails is told and ends alone.
 */
import { encodeOwn } from '../engine/message.js';

/**
 * What a subsystem's module exports as `start`.
 * @callback Start
 * @param {SubsystemPort} port
 * @returns {Half | Promise<Half>}
 */
/**
 * @typedef {object} SubsystemPort
 * @property {HTMLElement} element the <layer-w>
 * @property {HTMLElement} stage in its shadow root: canvas, panels; takes the keyboard
 * @property {{ canvas: HTMLCanvasElement }} now what may be replaced
 * @property {import('./attributes.js').ElementOptions} options
 * @property {AbortSignal} signal aborted when the program ends: for listeners
 * @property {(value: unknown) => void} send to Python's half: its hook `received`
 * @property {(level: number, text: string) => void} log 0 info, 1 warning, 2 error
 */
/** `made`: what it has for whoever runs the page (`layerw shot`). @typedef {{ receive: (value: any) => void, close?: () => void, made?: () => unknown }} Half */

/** Static paths: a site's files are listed by what is imported. @type {Record<string, () => Promise<{ start: Start }>>} */
const MODULES = {
  actions: () => import('./subsystems/actions.js'),
  ui: () => import('./subsystems/ui.js'),
  desk: () => import('./subsystems/desk.js'),
  store: () => import('./subsystems/store.js'),
  audio: () => import('./subsystems/audio.js'),
  net: () => import('./subsystems/net.js'),
};

export class Subsystems {
  /** @type {Map<string, Promise<Half | null>>} */
  #halves = new Map();

  /**
   * @param {Omit<SubsystemPort, 'send'> & { post: (payload: Uint8Array<ArrayBuffer>) => void }} page
   * @param {(text: string) => void} fail
   */
  constructor({ post, ...port }, fail) {
    this.port = port;
    this.post = post;
    this.fail = fail;
  }

  /** @param {string} name without the prefix @param {unknown} value */
  receive(name, value) {
    let half = this.#halves.get(name);
    if (!half) this.#halves.set(name, half = this.#start(name));
    half.then((one) => one?.receive(value)).catch((error) => this.fail(`The page's half of ${name} failed: ${error}`));
  }

  /** @param {string} name @returns {Promise<Half | null>} */
  async #start(name) {
    try {
      const module = MODULES[name];
      if (!module) throw new Error('there is none');
      const { start } = await module();
      return await start({ ...this.port, send: (value) => this.post(encodeOwn(name, value)) });
    } catch (error) {
      this.fail(`The page's half of ${name} could not start: ${error}`);
      return null;
    }
  }

  /** What a half has made until now; undefined where it does not run. @param {string} name @returns {Promise<unknown>} */
  async made(name) {
    return (await this.#halves.get(name))?.made?.();
  }

  close() {
    for (const half of this.#halves.values()) half.then((one) => one?.close?.());
    this.#halves.clear();
  }
}
