/**
 * The stats overlay: a graph of frame times, and the report's figures against their budgets.
 *
 * Owns: its DOM and the last GRAPH_FRAMES frame times. Does not: measure; reporter.js sends.
 */
import { append } from './notices.js';
import { addStyle } from './styles.js';

const GRAPH_FRAMES = 180;
const GRAPH_HEIGHT = 48;
const GRAPH_MS_MAX = 33.4;
const FRAME_MS_GOOD = 16.7;
const STYLE = `
.overlay { position: absolute; left: 8px; top: 8px; padding: 8px; border-radius: 6px; background: #10141acc;
  color: #dfe7f0; font: 11px/1.5 ui-monospace, monospace; pointer-events: none; white-space: pre; }
.overlay canvas { position: static; width: ${GRAPH_FRAMES}px; height: ${GRAPH_HEIGHT}px; margin-bottom: 4px; }
`;

const count = new Intl.NumberFormat('en');
const mib = (/** @type {number | undefined} */ bytes) => ((bytes ?? 0) / 1048576).toFixed(1);

/** The panel at the upper left; `toggle` with the key that host.js chooses. */
export class Overlay {
  /** @type {number[]} */
  #times = [];

  /** @param {ShadowRoot} root */
  constructor(root) {
    addStyle(root, STYLE);
    this.panel = append('div', 'overlay', root);
    this.panel.part.add('overlay');
    this.graph = append('canvas', '', this.panel);
    this.graph.width = GRAPH_FRAMES;
    this.graph.height = GRAPH_HEIGHT;
    this.text = append('div', '', this.panel);
    this.panel.hidden = true;
  }

  get shown() {
    return !this.panel.hidden;
  }

  /** @param {boolean} shown */
  show(shown) {
    this.panel.hidden = !shown;
  }

  /** @param {number} ms CPU time of one frame */
  addFrame(ms) {
    this.#times.push(ms);
    if (this.#times.length > GRAPH_FRAMES) this.#times.shift();
    this.#draw();
  }

  /** @param {Record<string, any>} report */
  setReport(report) {
    const { frame_cpu_ms: cpu, tiles, budgets } = report;
    const lines = [
      `${report.backend}  cpu ${cpu.p50.toFixed(2)} / ${cpu.p99.toFixed(2)} ms  python ${report.python_ms.p50.toFixed(2)} ms`,
      `draws ${count.format(report.draws)}  triangles ${count.format(report.triangles)}  entities ${count.format(report.entities ?? 0)}`,
    ];
    if (tiles) lines.push(`tiles ${tiles.resident}  pending ${tiles.pending}  failed ${tiles.failed}`);
    for (const name of ['heap', 'layer', 'gpu']) {
      lines.push(`${name.padEnd(5)} ${mib(report[`${name}_bytes`]).padStart(7)} / ${mib(budgets?.[name]).padStart(7)} MiB`);
    }
    lines.push(...passLines(report.passes ?? []));
    lines.push(...modelLines(report.models ?? []));
    if (report.memory) lines.push(...memoryLines(report.memory));
    this.text.textContent = lines.join('\n');
  }

  #draw() {
    const context = this.graph.getContext('2d');
    if (context === null) return;
    context.clearRect(0, 0, GRAPH_FRAMES, GRAPH_HEIGHT);
    this.#times.forEach((ms, x) => {
      const height = Math.max(1, (Math.min(ms, GRAPH_MS_MAX) / GRAPH_MS_MAX) * GRAPH_HEIGHT);
      context.fillStyle = ms <= FRAME_MS_GOOD ? '#5aa9e6' : '#ff6b57';
      context.fillRect(x, GRAPH_HEIGHT - height, 1, height);
    });
    const y = Math.round(GRAPH_HEIGHT * (1 - FRAME_MS_GOOD / GRAPH_MS_MAX));
    context.fillStyle = '#ffffff44';
    context.fillRect(0, y, GRAPH_FRAMES, 1);
  }
}

const PASSES_MAX = 4;

/** What takes the most of the GPU, in one line that a small page has room for. @param {{name: string, gpu_ms: number | null}[]} passes */
export function passLines(passes) {
  const timed = passes.flatMap(({ name, gpu_ms: ms }) => (ms === null ? [] : [{ name, ms }])).sort((a, b) => b.ms - a.ms);
  if (timed.length === 0) return [];
  const most = timed.slice(0, PASSES_MAX).map(({ name, ms }) => `${name} ${ms.toFixed(2)}`);
  const others = timed.length - most.length;
  return [`gpu   ${most.join('  ')} ms${others > 0 ? `, ${others} more` : ''}`];
}

const MODEL_LINES_MAX = 6;
const MODEL_CHARS_MAX = 100;

/** Models that failed or are shown without something. @param {{url: string, state: string, error: string, warnings: string[]}[]} models */
function modelLines(models) {
  const told = models.filter((model) => model.error !== '' || model.warnings.length > 0);
  const lines = told.slice(0, MODEL_LINES_MAX).map((model) => {
    const text = `${model.state}  ${model.url}: ${model.error || model.warnings.join(' ')}`;
    return text.length > MODEL_CHARS_MAX ? `${text.slice(0, MODEL_CHARS_MAX)}...` : text;
  });
  if (told.length > MODEL_LINES_MAX) lines.push(`and ${told.length - MODEL_LINES_MAX} more models with remarks`);
  return lines;
}

const TIERS = ['pinned', 'visible', 'near', 'far'];

/** Layer memory: a line a region, MiB by tier, and what lies free. @param {Record<string, any>} memory */
function memoryLines(memory) {
  const lines = [`memory ${mib(memory.memory).padStart(6)} / ${mib(memory.budget).padStart(7)} MiB  ${memory.handles} blocks`];
  for (const [name, region] of Object.entries(memory.regions)) {
    if (region.committed === 0) continue;
    const tiers = TIERS.filter((tier) => region[tier] > 0).map((tier) => `${tier} ${mib(region[tier])}`);
    lines.push(`  ${name.padEnd(7)} ${tiers.join('  ')}  free ${mib(region.free)}  fragmented ${(100 * region.fragmentation).toFixed(0)} %`);
  }
  lines.push(memory.ring.size > 0 ? `  ring    ${mib(memory.ring.used)} of ${mib(memory.ring.size)}` : '  ring    not in use');
  return lines;
}
