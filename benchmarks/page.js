/** What pages that measure share; benchmarks/site.py puts it beside them. */
export const query = new URLSearchParams(location.search);
export const get = (name, other) => query.get(name) ?? other;
export const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
export const post = (key, value) => fetch(`/result?k=${key}`, { method: 'POST', body: JSON.stringify(value) });

/** The value that a share of all is below. */
export const at = (values, share) => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];

/** What a <layer-w> shows, as PNG in base64. */
export async function picture(host) {
  const { width, height, data } = await host.request('readPixels');
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext('2d').putImageData(new ImageData(new Uint8ClampedArray(data), width, height), 0, 0);
  const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/png' })).arrayBuffer());
  let text = '';
  for (let k = 0; k < bytes.length; k += 32768) text += String.fromCharCode(...bytes.subarray(k, k + 32768));
  return btoa(text);
}
