// @ts-check
/** @file What memory holds: the three ledgers as bars against their budgets, and the assets on the GPU by their bytes. */
import { make, size } from './dom.js';

const NAMES = /** @type {Record<string, string>} */ ({ heap: 'Heap (Python)', layer: 'Layer memory', gpu: 'GPU' });
const KINDS = ['fixed', 'used', 'spare'];

export class Memory {
  title = 'Memory';

  /** @param {import('./inspector.js').Inspector} inspector */
  constructor(inspector) {
    this.inspector = inspector;
    this.ledgers = make('div');
    this.note = make('p', { className: 'quiet' });
    this.rows = make('tbody');
    const head = make('thead', {}, make('tr', {}, make('th', {}, 'asset'), make('th', { className: 'number' }, 'entities'), make('th', { className: 'number' }, 'bytes')));
    this.regions = make('div');
    this.element = make('div', {}, this.ledgers, make('h3', {}, 'On the GPU, the largest first'), this.note, make('table', {}, head, this.rows), this.regions);
  }

  async refresh() {
    const { ledgers, assets } = await this.inspector.ask('memory');
    this.ledgers.replaceChildren(...ledgers.map(gauge));
    this.note.textContent = `${assets.count} meshes and textures, ${size(assets.bytes)}; committed with buffers and targets ${size(assets.committed)}; backups in Layer memory ${size(assets.backups)}`;
    this.rows.replaceChildren(...assets.list.map((/** @type {any} */ { name, uses, bytes }) => make('tr', {}, make('td', {}, name),
      make('td', { className: 'number' }, uses === null ? '' : `${uses}`), make('td', { className: 'number' }, size(bytes)))));
    this.regions.replaceChildren(...Object.entries(assets.layer).filter(([, one]) => one.committed > 0).map(([name, one]) => make('p', { className: 'quiet' },
      `Layer memory, ${name}: ${Object.entries(one).filter(([key]) => key !== 'fragmentation').map(([key, bytes]) => `${key} ${size(/** @type {number} */ (bytes))}`).join(', ')}`)));
  }
}

/** @param {any} ledger */
function gauge({ name, budget, held, peak, refused, ...parts }) {
  const share = (/** @type {number} */ bytes) => (budget > 0 ? Math.min(100 * bytes / budget, 100) : 0);
  const bar = make('div', { className: 'gauge', role: 'meter', ariaLabel: NAMES[name] ?? name, 'aria-valuemin': 0, 'aria-valuemax': budget, 'aria-valuenow': held });
  for (const kind of KINDS) {
    const part = make('i', { className: kind, title: `${kind} ${size(parts[kind])}` });
    part.style.width = `${share(parts[kind])}%`;
    bar.append(part);
  }
  const said = KINDS.filter((kind) => parts[kind] > 0).map((kind) => `${kind} ${size(parts[kind])}`).join(', ');
  return make('div', {}, make('strong', {}, NAMES[name] ?? name), ` ${size(held)} of ${size(budget)}`, bar,
    make('div', { className: 'quiet' }, `${said || 'nothing taken'}; peak ${size(peak)}${refused > 0 ? `; refused ${refused} times` : ''}`));
}
