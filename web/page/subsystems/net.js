// @ts-check
import { offered, openSocket, openWebTransport } from './net_lines.js';

/**
 * @file The page's half of networking (layerw/net/page_link.py): the connection to a room.
 *
 * Owns: which line it is, and what came while the engine's thread ran no frame: in a background tab the connection stays, what is
 * reliable is kept, and of snapshots only the newest. Does not: read messages, but for the byte that says what one is.
 */

const SNAPSHOT = 7; // layerw/net/wire.py
const SNAPSHOTS_KEPT = 3; // while nobody takes them
const RELIABLE_KEPT = 2000; // messages: then the connection ends, and begins anew when the tab is back

/** @type {import('../subsystems.js').Start} */
export function start({ send, signal }) {
  /** @type {import('./net_lines.js').Line | null} */
  let line = null;
  let [number, isOpen, ended] = [0, false, false];
  /** @type {{ data: Uint8Array, reliable: boolean }[]} what waits for the connection */
  let going = [];
  /** @type {Uint8Array[]} what waits for the next frame */
  let come = [];

  const flush = () => {
    if (come.length) send({ socket: number, data: come });
    come = [];
  };

  /** @param {Uint8Array} data */
  const take = (data) => {
    come.push(data);
    if (!document.hidden) return flush();
    let left = come.filter((one) => one[0] === SNAPSHOT).length - SNAPSHOTS_KEPT;
    if (left > 0) come = come.filter((one) => one[0] !== SNAPSHOT || left-- <= 0);
    if (come.length > RELIABLE_KEPT) line?.close();
  };

  const shown = () => { if (!document.hidden) flush(); };
  document.addEventListener('visibilitychange', shown, { signal });

  let toldOfFallback = false;

  /** @param {number} which @param {string} url */
  const open = async (which, url) => {
    line?.close();
    [number, line, going, come] = [which, null, [], []];
    isOpen = false;
    const address = new URL(url || 'room', document.baseURI);
    /** @type {import('./net_lines.js').Hears} */
    const hears = {
      opened: (own) => {
        if (which !== number) return own.close();
        [line, isOpen] = [own, true];
        send({ socket: number, loses: own.loses });
        for (const { data, reliable } of going) own.send(data, reliable);
        going = [];
      },
      message: (data) => { if (which === number) take(data); },
      closed: (why) => {
        if (which !== number) return;
        flush();
        send({ socket: number, closed: why });
      },
    };
    const offer = await offered(address);
    if (which !== number || ended) return;
    if (offer) {
      try {
        await openWebTransport(address, offer, hears);
        return;
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        if (!toldOfFallback) send({ socket: number, said: `The room is reached by WebSocket, not by WebTransport: ${why}` });
        toldOfFallback = true;
      }
      if (which !== number || ended) return;
    }
    address.protocol = address.protocol.replace('http', 'ws');
    line = openSocket(address, hears);
  };
  const end = () => {
    ended = true;
    line?.close();
  };
  signal.addEventListener('abort', end);

  return {
    receive: (value) => {
      if (value.open) {
        open(value.open, value.url).catch((error) => {
          send({ socket: value.open, closed: `${value.url || 'The room'} can't be reached: ${error}` });
        });
      } else if (value.socket !== number) {
        return;
      } else if (value.close) {
        number = 0;
        line?.close();
      } else if (line && isOpen) {
        line.send(value.data, value.reliable);
      } else {
        going.push({ data: value.data, reliable: value.reliable });
      }
    },
    close: end,
  };
}
