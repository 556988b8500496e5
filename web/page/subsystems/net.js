// @ts-check
/**
 * @file The page's half of networking (layerw/net/page_link.py): the WebSocket of a room.
 *
 * Owns: the socket, and what came while the engine's thread ran no frame: in a background tab the connection stays, what is
 * reliable is kept, and of snapshots only the newest. Does not: read messages, but for the byte that says what one is.
 */

const SNAPSHOT = 7; // layerw/net/wire.py
const SNAPSHOTS_KEPT = 3; // while nobody takes them
const RELIABLE_KEPT = 2000; // messages: then the connection ends, and begins anew when the tab is back

/** @type {import('../subsystems.js').Start} */
export function start({ send, signal }) {
  /** @type {WebSocket | null} */
  let socket = null;
  let number = 0;
  /** @type {Uint8Array[]} what waits for the connection, or for the next frame */
  let going = [];
  /** @type {Uint8Array[]} */
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
    if (come.length > RELIABLE_KEPT) socket?.close(1000, 'Too much waited for the tab.');
  };

  const shown = () => { if (!document.hidden) flush(); };
  document.addEventListener('visibilitychange', shown, { signal });

  /** @param {number} which @param {string} url */
  const open = (which, url) => {
    socket?.close(1000);
    number = which;
    going = [];
    come = [];
    const address = new URL(url || 'room', document.baseURI);
    address.protocol = address.protocol.replace('http', 'ws');
    const own = socket = new WebSocket(address);
    own.binaryType = 'arraybuffer';
    own.addEventListener('open', () => {
      for (const data of going) own.send(/** @type {Uint8Array<ArrayBuffer>} */ (data));
      going = [];
    });
    own.addEventListener('message', ({ data }) => {
      if (own === socket && data instanceof ArrayBuffer) take(new Uint8Array(data));
    });
    own.addEventListener('close', ({ code, reason }) => {
      if (own !== socket) return;
      flush();
      send({ socket: number, closed: reason || `The connection to ${address.host} ended (${code}).` });
    });
  };
  signal.addEventListener('abort', () => socket?.close(1000));

  return {
    receive: (value) => {
      if (value.open) {
        try {
          open(value.open, value.url);
        } catch (error) {
          send({ socket: value.open, closed: `${value.url || 'The room'} can't be reached: ${error}` });
        }
      } else if (value.socket !== number || !socket) {
        return;
      } else if (value.close) {
        socket.close(1000);
      } else if (socket.readyState === WebSocket.OPEN) {
        socket.send(value.data);
      } else if (socket.readyState === WebSocket.CONNECTING) {
        going.push(value.data);
      }
    },
    close: () => socket?.close(1000),
  };
}
