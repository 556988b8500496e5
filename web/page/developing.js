// @ts-check
/**
 * @file What the page does under `layerw run` only: changed files become the running program, its prints reach the
 * terminal, and it can be stopped, looked at and inspected.
 *
 * Owns: the reload socket, the debugger's page half, the inspector's key. Does not: exist in an export.
 */
import { Debugging } from './debugging.js';
import { Inspecting } from './inspecting.js';
import { Live } from './live.js';
import { ReloadSocket } from './reload.js';

export class Developing {
  /**
   * @param {import('./host.js').Host} host
   * @param {() => boolean} running whether the program runs
   * @param {import('./silence.js').Silence} silence
   * @param {SharedArrayBuffer | null} mailbox to Python, where it may stand
   * @param {string} lacks why it may not
   */
  constructor(host, running, silence, mailbox, lacks) {
    this.live = new Live(host, running, (text) => this.say(0, text));
    this.inspecting = new Inspecting(host, running, this.live); // before the program may begin
    this.debugging = new Debugging(host, mailbox, lacks, {
      standing: (stands) => {
        silence.hold(stands);
        this.live.hold(stands);
      },
      say: (level, text) => this.say(level, text),
    });
    this.reload = new ReloadSocket(host.options.baseUrl, (files) => this.live.changed(files),
      (wanted) => this.debugging.wanted(wanted));
  }

  /** To the terminal. @param {number} level 0 print, 1 warning, 2 error @param {string} text */
  say(level, text) {
    this.reload.say(level, text);
    this.inspecting.say(level, text);
  }

  /** The program sent the page a message. @param {string} name @param {unknown} value */
  message(name, value) {
    this.inspecting.message(name, value);
  }

  /** @param {{taken?: true, text?: string}} message from the engine */
  debug(message) {
    this.debugging.receive(message);
  }

  /** The program keeps its thread: Python says where it is. */
  look() {
    this.debugging.look();
  }

  /** @param {string} where it is, for too long; '': it came back */
  suspect(where) {
    this.debugging.suspect(where);
  }

  close() {
    this.reload.close();
    this.debugging.close();
    this.inspecting.close();
  }
}
