/**
 * Loads the same files by layerw and by three.js on one page, in turn, several rounds; posts milliseconds of each.
 *
 * Query: ?backend=webgl2&rounds=3&width=256&height=256&side=2048. Time runs from the call until a frame with the model was
 * submitted. Starting the engines, and their decoders' first load in a round before, is not in it.
 */
import { get, post } from './page.js';

const width = Number(get('width', 256));
const height = Number(get('height', 256));
const side = Number(get('side', 2048));
const frame = () => new Promise(requestAnimationFrame);
const FILES = { png: '/models/png/model.gltf', ktx2: '/models/ktx2/model.glb' };

async function layerw() {
  await import('../web/layer-w.js');
  const element = document.createElement('layer-w');
  for (const [name, value] of Object.entries({ src: '../app/ours.py', backend: get('backend', 'webgl2'), thread: get('thread', 'worker') })) element.setAttribute(name, value);
  element.style.cssText = `display:block;width:${width}px;height:${height}px`;
  document.body.append(element);
  while (!element.host?.report) await frame();
  const python = (code) => element.host.request('python', code);
  return async (url) => {
    await python(`import __main__\n__main__.load("${new URL(url, location.href)}", ${side})\nNone`);
    let found = {};
    const end = performance.now() + 120_000;
    while (!found.whole_ms) {
      await frame();
      found = JSON.parse(await python('import __main__, json\njson.dumps(__main__.found)'));
      if (found.error || element.host.errors?.length) throw new Error(`${found.error} ${element.host.errors}`);
      if (performance.now() > end) throw new Error(`layerw: ${url} is not ready`);
    }
    await python('import __main__\n__main__.unload()\nNone');
    for (let k = 0; k < 5; k += 1) await frame();
    return found;
  };
}

async function three() {
  const THREE = await import('three');
  const { GLTFLoader } = await import('three/addons/loaders/GLTFLoader.js');
  const { KTX2Loader } = await import('three/addons/loaders/KTX2Loader.js');
  const { MeshoptDecoder } = await import('three/addons/libs/meshopt_decoder.module.js');
  const renderer = new THREE.WebGLRenderer({ antialias: true });
  renderer.setSize(width, height);
  document.body.append(renderer.domElement);
  const scene = new THREE.Scene();
  scene.add(new THREE.HemisphereLight(), new THREE.DirectionalLight());
  const camera = new THREE.PerspectiveCamera(60, width / height, 0.01, 100);
  camera.position.set(0, 0.35, 1.2);
  camera.lookAt(0, 0.3, 0);
  const textures = new KTX2Loader().setTranscoderPath('/peers/three/examples/jsm/libs/basis/').detectSupport(renderer);
  const loader = new GLTFLoader().setKTX2Loader(textures).setMeshoptDecoder(MeshoptDecoder);
  return async (url) => {
    const begin = performance.now();
    const { scene: model } = await loader.loadAsync(url);
    scene.add(model);
    renderer.render(scene, camera);
    renderer.getContext().flush();
    const shown_ms = performance.now() - begin;
    scene.remove(model);
    model.traverse((one) => {
      one.geometry?.dispose();
      for (const value of Object.values(one.material ?? {})) if (value?.isTexture) value.dispose();
      one.material?.dispose?.();
    });
    for (let k = 0; k < 5; k += 1) await frame();
    return { shown_ms, whole_ms: shown_ms };
  };
}

async function main() {
  const engines = { three: await three(), layerw: await layerw() };
  for (let round = -1; round < Number(get('rounds', 3)); round += 1) {
    for (const [kind, url] of Object.entries(FILES)) {
      for (const [name, load] of Object.entries(engines)) {
        const found = await load(`${url}?round=${round}`);
        await post('progress', `${round < 0 ? 'warm-up' : round} ${name} ${kind} ${Math.round(found.shown_ms)} ms, whole ${Math.round(found.whole_ms)} ms`);
        if (round >= 0) await post('loaded', { engine: name, kind, ...found });
      }
    }
  }
  await post('done', {});
}

main().catch((error) => post('failed', { error: `${error}\n${error.stack}` }));
