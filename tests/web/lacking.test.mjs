/** What a WebGL2 context may lack: timers, and then nothing is measured; float targets, and then the start says so. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Webgl2Targets } from '../../web/backends/webgl2/targets.js';
import { GlTimer } from '../../web/backends/webgl2/timing.js';

/** A context without these extensions; what it is asked for beside them fails. */
const lacking = (names, isLost = false) => ({
  getExtension: (name) => (names.includes(name) ? null : {}),
  isContextLost: () => isLost,
});

test('without timers passes are drawn and not measured', () => {
  const timer = new GlTimer(lacking(['EXT_disjoint_timer_query_webgl2']));
  for (let frame = 0; frame < 40; frame += 1) {
    timer.times.draws(1);
    const timed = timer.times.next();
    assert.equal(timed, '');
    timer.beginFrame(timed);
    timer.begin('opaque');
    timer.end();
    timer.endFrame();
  }
  assert.equal(timer.times.gpuMs, null);
});

test('without float targets the start says what is missing', () => {
  assert.throws(() => new Webgl2Targets(lacking(['EXT_color_buffer_float'])),
    /cannot draw into float textures \(EXT_color_buffer_float\), which light needs; a newer browser or driver can/);
  assert.doesNotThrow(() => new Webgl2Targets(lacking([])));
  assert.doesNotThrow(() => new Webgl2Targets(lacking(['EXT_color_buffer_float'], true)), 'a lost context is told elsewhere');
});
