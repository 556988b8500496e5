// @ts-check
/** @file Which passes of the table draw a view, in which groups, and which images their targets share.
 *
 * Owns: the rules (engine_py/layerw/frame/target_bytes.py has the same for the ledger): what nobody reads is left out; a
 * draw pass without draws is, too, where an earlier pass has written its target; neighbours that draw into the same
 * targets are one group; a resolve of colour belongs to the group before it; levels (mips) are a group of their own; targets
 * whose lives do not meet share an image.
 */
import { TIMERS } from '../../gen/passes.js';
import { isTimed } from './timing.js';

/** @typedef {import('../../gen/passes.js').Pass} Pass */
/** @typedef {import('../../gen/passes.js').Target} Target */
/** @typedef {{ pass: Pass, reads: readonly string[], list: number, draw: number }} Step list: whose draws, draw: which draw
 * pass; -1 = neither; reads: the pass's, with those targets in place of which others stand */
/**
 * Steps that draw into the same targets: one render pass of the API.
 * @typedef {object} Group
 * @property {readonly string[]} colors
 * @property {string} depth
 * @property {string[]} resolves by colour, the target that it is resolved into, or ''
 * @property {boolean[]} clearsColors
 * @property {boolean} clearsDepth
 * @property {boolean[]} keepsColors somebody reads it or draws into it later
 * @property {boolean} keepsDepth
 * @property {Step[]} steps
 */
/** @typedef {{ groups: Group[], timers: number, images: Target[], imageOf: Map<string, number> }} Plan timers: a bit for each
 * of TIMERS that measures some of it; images: one target stands for each */

/** @param {Pass} pass @returns {string[]} */
const writes = ({ colors, depth, depthWrite }) => [...colors, depthWrite ? depth : ''].filter((name) => name !== '');
/** @param {Pass} pass @returns {string[]} */
const uses = ({ reads, colors, depth }) => [...reads, ...colors, depth].filter((name) => name !== '');

/** What is drawn into it is seen after the view. @param {Target} target */
const lasts = ({ outside, history, kept }) => outside || history || kept;

/** The passes whose results reach a target from outside, or one that is read where any is drawn. @param {readonly Pass[]} passes @param {readonly Target[]} targets
 * @param {(pass: Pass) => boolean} isEmpty whether a draw pass draws nothing @returns {Pass[]} */
function live(passes, targets, isEmpty) {
  const read = targets.filter((target) => (target.read || target.end) && passes.some((pass) => writes(pass).includes(target.name)));
  const ends = read.length > 0 ? read : targets.filter(lasts);
  const needed = new Set(ends.map(({ name }) => name));
  /** @type {Pass[]} */
  const kept = [];
  for (let at = passes.length - 1; at >= 0; at -= 1) {
    const pass = passes[at];
    const written = writes(pass).filter((name) => needed.has(name));
    const wasWritten = (/** @type {string} */ name) => pass.tiled || passes.slice(0, at).some((earlier) => writes(earlier).includes(name));
    if (written.length === 0 || (isEmpty(pass) && written.every(wasWritten))) continue;
    for (const name of uses(pass)) needed.add(name);
    kept.unshift(pass);
  }
  return kept;
}

/** @param {Target} target @param {boolean} isUpscaled */
const shape = ({ format, samples, divide, side, height, mips, shown }, isUpscaled) => (
  `${format} ${samples} ${divide} ${side} ${height} ${mips} ${isUpscaled && shown}`);

/** A pass with the targets in place of those that are the same. @param {Pass} pass @param {Map<string, string>} same
 * @returns {Pass} */
function joined(pass, same) {
  const other = (/** @type {string} */ name) => same.get(name) ?? name;
  return uses(pass).some((name) => same.has(name))
    ? { ...pass, reads: pass.reads.map(other), colors: pass.colors.map(other), depth: other(pass.depth) } : pass;
}

/** Images for the targets of these passes, shared where lives do not meet. @param {Pass[]} passes
 * @param {readonly Target[]} targets @param {boolean} isUpscaled what is as large as the view is shown differs in size
 * @returns {{ images: Target[], imageOf: Map<string, number> }} */
function shareImages(passes, targets, isUpscaled) {
  /** @type {Target[]} */
  const images = [];
  /** @type {number[]} */
  const until = [];
  const imageOf = new Map();
  const written = new Set(passes.flatMap(writes));
  passes.forEach((pass, at) => {
    for (const name of uses(pass)) {
      const target = /** @type {Target} */ (targets.find((one) => one.name === name));
      if (lasts(target) || imageOf.has(name) || !written.has(name)) continue;
      const last = passes.findLastIndex((later) => uses(later).includes(name));
      let image = images.findIndex((one, index) => shape(one, isUpscaled) === shape(target, isUpscaled) && until[index] < at);
      if (image < 0) image = images.push(target) - 1;
      until[image] = last;
      imageOf.set(name, image);
    }
  });
  return { images, imageOf };
}

/** Whether a pass is drawn in a view with these flags. @param {Pass} pass @param {number} flags
 * @param {readonly string[]} flagNames @returns {boolean} */
export function runsWith({ when }, flags, flagNames) {
  if (when === '') return true;
  return when.split(' ').every((word) => {
    const isNegated = word.startsWith('!');
    return ((flags >> flagNames.indexOf(isNegated ? word.slice(1) : word)) & 1) === (isNegated ? 0 : 1);
  });
}

/** Which draw list a pass draws; -1 = none. @param {Pass} pass @param {readonly Pass[]} lists @returns {number} */
const listOf = ({ name, draws }, lists) => lists.findIndex((row) => row.name === (draws || name));

/** @param {readonly string[]} some @param {readonly string[]} others */
const isSame = (some, others) => some.length === others.length && some.every((name, index) => name === others[index]);

/** @param {Pass[]} passes @param {string} timed what its timer measures is in groups of its own @param {readonly Pass[]} table all rows
 * @param {readonly Pass[]} rows of the draw passes
 * @param {readonly Pass[]} lists those of them with a list of their own
 * @param {Set<string>} kept targets that are never cleared @returns {Group[]} */
function groupsOf(passes, timed, table, rows, lists, kept) {
  /** @type {Group[]} */
  const groups = [];
  const touched = new Set();
  for (const pass of passes) {
    const { colors, depth } = pass;
    const last = groups[groups.length - 1];
    if (pass.kind === 'resolve' && colors.length > 0) {
      last.resolves[last.colors.indexOf(pass.reads[0])] = colors[0];
      continue;
    }
    const step = {
      pass: table.find(({ name }) => name === pass.name) ?? pass, reads: pass.reads, list: listOf(pass, lists),
      draw: rows.findIndex(({ name }) => name === pass.name),
    };
    const before = last?.steps[0].pass.timer ?? '';
    const isApart = before !== pass.timer && (isTimed(timed, pass.timer) || isTimed(timed, before));
    if (last && !isApart && pass.kind !== 'mips' && last.depth === depth && isSame(last.colors, colors) && last.resolves.every((name) => name === '')) {
      last.steps.push(step);
    } else {
      groups.push({
        colors, depth, resolves: colors.map(() => ''), clearsColors: colors.map((name) => !touched.has(name) && !kept.has(name)),
        clearsDepth: !touched.has(depth) && !kept.has(depth), keepsColors: [], keepsDepth: false, steps: [step],
      });
    }
    for (const name of colors) touched.add(name);
    touched.add(depth);
  }
  groups.forEach((group, at) => {
    const later = groups.slice(at + 1).flatMap(({ steps }) => steps.flatMap(({ pass }) => uses(pass)));
    group.keepsColors = group.colors.map((name, index) => later.includes(name) || group.resolves[index] === '');
    group.keepsDepth = later.includes(group.depth) || kept.has(group.depth);
  });
  return groups;
}

/**
 * @param {readonly Pass[]} passes @param {readonly Target[]} targets @param {readonly string[]} flagNames
 * @param {number} flags of the view @param {number} filled a bit for each draw pass that draws something
 * @param {string} timed the timer that measures this frame, '' = none @returns {Plan}
 */
export function planView(passes, targets, flagNames, flags, filled, timed) {
  const isUpscaled = ((flags >> flagNames.indexOf('upscaled')) & 1) === 1;
  const same = new Map(isUpscaled ? [] : targets.flatMap(({ name, same: other }) => (other ? [[name, other]] : [])));
  const wanted = passes.filter((pass) => runsWith(pass, flags, flagNames)).map((pass) => joined(pass, same));
  const rows = passes.filter(({ kind }) => kind === 'draws');
  const lists = rows.filter(({ draws }) => !draws);
  const drawn = live(wanted, targets, (pass) => pass.kind === 'draws' && (filled & (1 << listOf(pass, lists))) === 0);
  // Images are those of a view that draws everything: a list that empties for a frame frees nothing.
  const kept = new Set(targets.filter((target) => target.kept).map(({ name }) => name));
  const timers = drawn.reduce((bits, { timer }) => bits | (1 << TIMERS.indexOf(timer)), 0);
  const images = shareImages(live(wanted, targets, () => false), targets, isUpscaled);
  return { groups: groupsOf(drawn, timed, passes, rows, lists, kept), timers, ...images };
}
