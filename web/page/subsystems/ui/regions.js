// @ts-check
/**
 * @file Where the nine regions lie: each at its anchor, and none over another. As engine_py/layerw/ui/native/regions.py,
 * which says how.
 *
 * Owns: `top` and `max-height` of regions that CSS alone would lay over each other, again whenever one of them or the
 * picture changes its size. Does not: touch them where all have room.
 */

/** In the order in which Tab walks. As in values.py. */
export const ANCHORS = ['top left', 'top', 'top right', 'left', 'center', 'right', 'bottom left', 'bottom', 'bottom right'];
const LEAST = 0.5; // of the height: what would get less is not squeezed

/** @typedef {{ top: number, bottom: number, left: number, right: number }} Place */
/** @typedef {Map<string, Place>} Places by anchor */

/**
 * @param {Record<string, HTMLElement>} areas by anchor
 * @param {HTMLElement} all they lie in it
 * @param {AbortSignal} signal
 * @returns {() => void} after a patch: what grows in a region that is squeezed changes no size
 */
export function keepApart(areas, all, signal) {
  const arrangeAll = () => arrangeNow(areas, all);
  const watch = new ResizeObserver(arrangeAll);
  for (const anchor of ANCHORS) watch.observe(areas[anchor], { box: 'border-box' });
  watch.observe(all);
  signal.addEventListener('abort', () => watch.disconnect());
  return () => { if (ANCHORS.some((anchor) => areas[anchor].classList.contains('moved'))) arrangeAll(); };
}

/** @param {Record<string, HTMLElement>} areas @param {HTMLElement} all */
function arrangeNow(areas, all) {
  const gap = parseFloat(getComputedStyle(areas.center).paddingTop) / 1.5 || 0;
  const [width, height] = [all.clientWidth - 2 * gap, all.clientHeight - 2 * gap];
  if (width <= 0 || height <= 0) return;
  /** @type {Map<string, [number, number]>} */
  const sizes = new Map();
  for (const anchor of ANCHORS) {
    const { offsetWidth, scrollHeight } = areas[anchor];
    if (offsetWidth > 0) sizes.set(anchor, [offsetWidth - 2 * gap, scrollHeight - 2 * gap]);
  }
  const { places, reach } = arrange(sizes, width, height);
  const isPage = reach > height + 0.5;
  all.classList.toggle('page', isPage);
  if (!isPage) all.scrollTop = 0;
  for (const [anchor, { top, bottom }] of places) {
    const high = /** @type {[number, number]} */ (sizes.get(anchor))[1];
    const usual = anchor.startsWith('bottom') ? height - high : anchor.startsWith('top') ? 0 : (height - high) / 2;
    const { classList, style } = areas[anchor];
    const moved = isPage || Math.abs(top - Math.max(usual, 0)) > 0.5 || bottom - top < Math.min(high, height) - 0.5;
    classList.toggle('moved', moved);
    style.top = moved ? `${top}px` : '';
    style.maxHeight = isPage ? 'none' : moved ? `${bottom - top + 2 * gap}px` : '';
  }
}

/** @param {Map<string, [number, number]>} sizes @param {number} width @param {number} height @returns {{ places: Places, reach: number }} */
export function arrange(sizes, width, height) {
  const flat = new Map([...sizes].map(([anchor, size]) => [anchor, atTop(anchor, size, width)]));
  const apart = inRoom(flat, height);
  if (apart !== null) return { places: apart, reach: height };
  /** @type {Places} */
  const places = new Map();
  for (const [anchor, one] of flat) {
    const top = end(one, [...places.values()]);
    places.set(anchor, { ...one, top, bottom: top + one.bottom });
  }
  return { places, reach: Math.max(...[...places.values()].map((one) => one.bottom)) };
}

/** @param {string} anchor @param {[number, number]} size @param {number} width @returns {Place} */
function atTop(anchor, [wide, high], width) {
  const left = anchor.endsWith('left') ? 0 : anchor.endsWith('right') ? width - wide : (width - wide) / 2;
  return { top: 0, bottom: high, left, right: left + wide };
}

/** Whether something of both is in one column of pixels. @param {Place} one @param {Place} other */
const crosses = (one, other) => one.left < other.right - 0.5 && other.left < one.right - 0.5;

/** @param {Place} one @param {Place[]} others */
const end = (one, others) => Math.max(0, ...others.filter((other) => crosses(other, one)).map((other) => other.bottom));

/** @param {Place} one @param {Place[]} others @param {number} height */
const begin = (one, others, height) =>
  Math.min(height, ...others.filter((other) => crosses(other, one)).map((other) => other.top));

/** At their anchors, moved and squeezed where they must. @param {Places} flat @param {number} height @returns {Places | null} */
function inRoom(flat, height) {
  /** @type {Places} */
  const found = new Map();
  for (const [anchor, one] of flat) {
    if (!anchor.startsWith('bottom')) continue;
    const bottom = begin(one, [...found.values()], height);
    if (bottom < one.bottom && (found.size > 0 || bottom < height * LEAST)) return null;
    found.set(anchor, { ...one, top: Math.max(bottom - one.bottom, 0), bottom });
  }
  const below = [...found.values()];
  /** @type {Place[]} */
  const above = [];
  for (const [anchor, one] of flat) {
    if (anchor.startsWith('bottom')) continue;
    const first = end(one, above);
    const last = begin(one, below, height);
    if (one.bottom > last - first && last - first < height * LEAST) return null;
    const high = Math.min(one.bottom, last - first);
    const top = anchor.startsWith('top') ? first : Math.min(Math.max((height - high) / 2, first), last - high);
    const place = { ...one, top, bottom: top + high };
    found.set(anchor, place);
    above.push(place);
  }
  return found;
}
