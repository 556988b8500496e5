/** The watch over a program that does not answer. */
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { Silence, SILENCE_MS_MAX } from '../../web/page/silence.js';

/** A watch with a clock of its own. */
function watched() {
  mock.timers.enable({ apis: ['setInterval'] });
  let now = 1;
  mock.method(performance, 'now', () => now);
  const seen = { asked: 0, told: [], untold: [] };
  const silence = new Silence({
    ask: () => (seen.asked += 1), tell: (text) => seen.told.push(text), untell: (text) => seen.untold.push(text),
  });
  const pass = (seconds, answers) => {
    for (let i = 0; i < seconds; i += 1) {
      now += 1000;
      mock.timers.tick(1000);
      if (answers) silence.answered();
    }
  };
  return { silence, seen, pass, end: () => { silence.end(); mock.timers.reset(); mock.restoreAll(); } };
}

test('who answers is never told', () => {
  const { silence, seen, pass, end } = watched();
  silence.begin(true);
  pass(60, true);
  assert.deepEqual([seen.told, seen.untold], [[], []]);
  assert.ok(seen.asked > 30);
  end();
});

test('the line is told where the engine knows it', () => {
  const { silence, seen, pass, end } = watched();
  silence.begin(true);
  pass(5, false);
  silence.located('line 3 of main.py: `while True:`');
  pass(SILENCE_MS_MAX / 1000, false);
  assert.match(seen.told[0], /top level.* It is in line 3 of main\.py: `while True:`\.$/s);
  silence.answered();
  pass(SILENCE_MS_MAX / 1000 + 3, false);
  assert.match(seen.told[1], /cannot be told while it is inside of one long call/);
  end();
});

test('a loop at the top level is told once, and taken back when it ends', () => {
  const { silence, seen, pass, end } = watched();
  silence.begin(true);
  pass(SILENCE_MS_MAX / 1000 + 3, false);
  pass(20, false);
  assert.equal(seen.told.length, 1);
  assert.match(seen.told[0], /top level.*@app\.frame/s);
  silence.answered();
  assert.deepEqual(seen.untold, seen.told);
  silence.begin(false);
  pass(20, false);
  assert.match(seen.told[1], /one of its functions/);
  end();
});

test('nothing is asked after the end', () => {
  const { silence, seen, pass, end } = watched();
  silence.begin(false);
  silence.end();
  pass(5, false);
  assert.equal(seen.asked, 0);
  end();
});
