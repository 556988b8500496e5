/** Regions of app.ui: the page puts them where the engine's own drawing does. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { arrange } from '../../web/page/subsystems/ui/regions.js';

const CASES = JSON.parse(readFileSync(new URL('regions.json', import.meta.url), 'utf8'));

test('they lie where those that the engine draws do', () => {
  assert.ok(CASES.length > 40);
  for (const { width, height, sizes, places, reach } of CASES) {
    const found = arrange(new Map(Object.entries(sizes)), width, height);
    assert.equal(found.reach, reach);
    const ends = Object.fromEntries([...found.places].map(([anchor, { top, bottom }]) => [anchor, [top, bottom]]));
    assert.deepEqual(ends, places);
  }
});
