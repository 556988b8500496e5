// @ts-check
/**
 * @file The lines that a page reaches its room by: a WebSocket, or WebTransport where the server offers it and the browser has
 * it (layerw_server/net/quic.py says what goes over it).
 *
 * Owns: framing. A line says what comes, and that it ended; who opened it decides what next.
 */

const READY_MS = 3000; // then UDP is taken for blocked
const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;

/** @typedef {{ opened: (line: Line) => void, message: (data: Uint8Array) => void, closed: (why: string) => void }} Hears */
/** @typedef {{ loses: boolean, send: (data: Uint8Array, reliable: boolean) => void, close: () => void }} Line */
/** @typedef {{ port: number, hash: string, path: string }} Offer */

/**
 * What the page's own server offers besides the WebSocket. The room begins by that, as by the WebSocket.
 * @param {URL} address of the room @returns {Promise<Offer | null>}
 */
export async function offered(address) {
  const home = new URL(document.baseURI);
  const [path] = /\/room(\/[a-z0-9_-]{1,32})?$/.exec(address.pathname) ?? [''];
  if (!('WebTransport' in globalThis) || address.host !== home.host || !path) return null;
  try {
    const answer = await fetch(new URL(`api${path}`, home), { method: 'POST' });
    const offer = answer.ok ? (await answer.json()).webtransport : null;
    return offer ? { ...offer, path } : null;
  } catch {
    return null;
  }
}

/** @param {URL} address @param {Hears} hears @returns {Line} */
export function openSocket(address, hears) {
  const socket = new WebSocket(address);
  socket.binaryType = 'arraybuffer';
  /** @type {Line} */
  const line = {
    loses: false,
    send: (data) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(/** @type {Uint8Array<ArrayBuffer>} */ (data));
    },
    close: () => socket.close(1000),
  };
  socket.addEventListener('open', () => hears.opened(line));
  socket.addEventListener('message', ({ data }) => {
    if (data instanceof ArrayBuffer) hears.message(new Uint8Array(data));
  });
  socket.addEventListener('close', ({ code, reason }) => {
    hears.closed(reason || `The connection to ${address.host} ended (${code}).`);
  });
  return line;
}

/**
 * Rejects where it can't be had; then nothing was heard.
 * @param {URL} address @param {Offer} offer @param {Hears} hears @returns {Promise<Line>}
 */
export async function openWebTransport(address, offer, hears) {
  const host = address.hostname === 'localhost' ? '127.0.0.1' : address.hostname; // a server listens there
  const value = Uint8Array.from(offer.hash.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  const session = new WebTransport(`https://${host}:${offer.port}${offer.path}`,
    { serverCertificateHashes: [{ algorithm: 'sha-256', value }] });
  session.closed.catch(() => {}); // told below, once there is something to tell
  const late = setTimeout(() => session.close(), READY_MS);
  await session.ready.finally(() => clearTimeout(late));
  const stream = await session.createBidirectionalStream();
  const [messages, datagrams] = [stream.writable.getWriter(), session.datagrams.writable.getWriter()];
  const quiet = () => {}; // what can't be written any more is told by `closed`
  /** @type {Line} */
  const line = {
    loses: true,
    send: (data, reliable) => {
      if (!reliable && data.length <= session.datagrams.maxDatagramSize) return void datagrams.write(data).catch(quiet);
      const whole = new Uint8Array(4 + data.length);
      new DataView(whole.buffer).setUint32(0, data.length, true);
      whole.set(data, 4);
      messages.write(whole).catch(quiet);
    },
    close: () => session.close(),
  };
  hears.opened(line);
  read(stream.readable, parted(hears.message)).catch(quiet);
  read(session.datagrams.readable, hears.message).catch(quiet);
  session.closed.then(({ reason }) => hears.closed(reason || `The connection to ${address.host} ended.`),
    (error) => hears.closed(`The connection to ${address.host} ended: ${error.message}`));
  return line;
}

/** @param {ReadableStream<Uint8Array>} from @param {(data: Uint8Array) => void} take */
async function read(from, take) {
  const reader = from.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) take(part.value);
}

/** Messages of a stream's bytes. @param {(data: Uint8Array) => void} message */
function parted(message) {
  let held = new Uint8Array(0);
  /** @param {Uint8Array} data */
  return (data) => {
    const all = new Uint8Array(held.length + data.length);
    all.set(held);
    all.set(data, held.length);
    let at = 0;
    while (all.length - at >= 4) {
      const size = new DataView(all.buffer, at).getUint32(0, true);
      if (size > MESSAGE_BYTES_MAX) throw new RangeError(`A message has ${size} bytes.`);
      if (all.length - at - 4 < size) break;
      message(all.slice(at + 4, at + 4 + size));
      at += 4 + size;
    }
    held = all.slice(at);
  };
}
