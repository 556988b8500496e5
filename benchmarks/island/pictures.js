/**
 * Opens a program, runs Python in it, waits, and posts what it draws then: the pictures of the README, and of others.
 *
 * Query: ?scenes=dusk,storm&backend=webgpu&width=1080&height=720&quality=high. Scenes are those below; several with one
 * program share its page. A body of /result?k=picture-NAME has the picture as PNG (base64) and the engine's report.
 */
import { get, picture as png, post, wait } from './page.js';

const FLIGHT = '../app/flight.py';
const stand = (eye, target) => `app.camera.position = (${eye})\napp.camera.look_at((${target}))\n`;
const STORM = 'app.clouds.cover, app.clouds.density = 1.0, 1.6\napp.weather.rain = 0.8\napp.weather.wetness = 1.0\napp.wind.strength = 0.9\napp.fog.density = 0.0005\napp.fog.falloff = 0.0009\n';
const SCENES = {
  camp: { src: '../app_camp/main.py', code: '' },
  path: { src: '../app_camp/main.py', code: stand('-1.2, 1.5, 16.5', '0.6, 1.3, 4') },
  noon: { src: FLIGHT, code: 'program.look("start")' },
  dusk: { src: FLIGHT, code: `app.sun.at(latitude=0.7, day=172, hour=19.1)\napp.clouds.cover = 0.5\n${stand('-2600, 46, 2300', '900, 260, -300')}` },
  sunset: { src: FLIGHT, code: `app.sun.at(latitude=0.7, day=172, hour=19.2)\napp.clouds.cover = 0.55\n${stand('2700, 40, 700', '-900, 300, -150')}` },
  storm: { src: FLIGHT, code: `app.sun.at(latitude=0.7, day=172, hour=16.0)\n${STORM}program.look("start")` },
  squall: { src: FLIGHT, code: `app.sun.at(latitude=0.7, day=172, hour=17.5)\n${STORM}${stand('-2600, 30, 2300', '0, 330, 0')}` },
};
for (const name of ['beach', 'waterline', 'sunset', 'meadow', 'wood', 'slope', 'cliff', 'ridge', 'peak', 'valley']) {
  SCENES[name] = { src: '../app/walk.py', code: `(sys.modules.get('walk') or sys.modules['__main__']).stand("${name}")` };
}

const shown = new Map();

/** The element of a program, ready and settled. */
async function open(src) {
  for (const other of shown.values()) other.remove();
  shown.clear();
  const element = document.createElement('layer-w');
  const attributes = { src, backend: get('backend', 'webgpu'), thread: 'main', quality: get('quality', 'high') };
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.style.cssText = `display:block;width:${get('width', 1080)}px;height:${get('height', 720)}px`;
  document.body.append(element);
  shown.set(src, element);
  for (let k = 0; k < 240 && !element.host?.report; k += 1) await wait(250);
  return element;
}

async function settle(element) {
  for (let k = 0; k < 100; k += 1) {
    await wait(250);
    const report = await element.host.request('report', 0);
    if (report.settled && report.entities > 20) return;
  }
}

async function picture(name) {
  const { src, code } = SCENES[name];
  const element = shown.get(src) ?? await open(src);
  await settle(element);
  await element.host.request('python', `import sys\nprogram = sys.modules.get('flight') or sys.modules['__main__']\napp = program.app\n${code}`);
  await wait(1000);
  await settle(element);
  await wait(6000);
  const report = await element.host.request('report', 0);
  await post(`picture-${get('backend', 'webgpu')}-${name}`, { png: await png(element.host), report, errors: element.errors });
}

async function main() {
  await import('../web/layer-w.js');
  for (const name of get('scenes', Object.keys(SCENES).join(',')).split(',')) await picture(name);
}

main().catch((error) => post('failed', { error: String(error) })).finally(() => post('done', {}));
