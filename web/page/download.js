// @ts-check
/** @file A file that a program made becomes a download. */

const FILE_KEPT_MS = 60_000; // a browser may ask the person first

/**
 * Offers a file as a download.
 * @param {string} name only its last part counts
 * @param {Blob} blob
 */
export function download(name, blob) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name.slice(name.lastIndexOf('/') + 1);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), FILE_KEPT_MS);
}
