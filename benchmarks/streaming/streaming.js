/**
 * Opens /world/tileset.json in one engine and posts when everything that its view wants is shown.
 *
 * Query: ?engine=layerw|three&backend=webgl2&width=1080&height=720. The server's clock measures: from the request of
 * tileset.json to the arrival of /result?k=shown.
 */
import { get, post } from './page.js';

const width = Number(get('width', 1080));
const height = Number(get('height', 720));
const frame = () => new Promise(requestAnimationFrame);
const LIMIT_MS = Number(get('limit', 200_000));
const VIEW = { fov: 60, near: 1, far: 60000, eye: [2600, 620, 4200], target: [0, 250, 0], error_px: 6 };

async function layerw() {
  await import('../web/layer-w.js');
  const element = document.createElement('layer-w');
  for (const [name, value] of Object.entries({ src: '../app/ours.py', backend: get('backend', 'webgl2'), thread: get('thread', 'main') })) element.setAttribute(name, value);
  element.style.cssText = `display:block;width:${width}px;height:${height}px`;
  document.body.append(element);
  let stats = null;
  const end = performance.now() + LIMIT_MS;
  do {
    if (performance.now() > end) throw new Error(`not settled: ${JSON.stringify(stats)} ${await element.host.request('python', "import __main__\nstr((__main__.world.state, __main__.world.error))")}`);
    await frame();
    if (element.host?.errors?.length) throw new Error(element.host.errors.join('\n'));
    stats = element.host?.report ? await element.host.request('report', 0) : null;
    // Not the report's `settled`: that waits for the ground grid as well, which nobody sees.
  } while (!(stats?.tiles.resident > 0 && await element.host.request('python', 'import __main__\nstr(__main__.world.settled)') === 'True'));
  return { tiles: stats.tiles.resident, failed: stats.tiles.failed, gpu_bytes: stats.gpu_bytes, layer_bytes: stats.layer_bytes };
}

async function three() {
  const THREE = await import('three');
  const { TilesRenderer } = await import('3d-tiles-renderer');
  const { GLTFLoader } = await import('three/addons/loaders/GLTFLoader.js');
  const { MeshoptDecoder } = await import('three/addons/libs/meshopt_decoder.module.js');
  const renderer = new THREE.WebGLRenderer({ antialias: true });
  renderer.setSize(width, height);
  document.body.append(renderer.domElement);
  const scene = new THREE.Scene();
  scene.add(new THREE.HemisphereLight(), new THREE.DirectionalLight());
  const camera = new THREE.PerspectiveCamera(VIEW.fov, width / height, VIEW.near, VIEW.far);
  camera.position.set(...VIEW.eye);
  camera.lookAt(...VIEW.target);
  camera.updateMatrixWorld();
  const tiles = new TilesRenderer('/world/tileset.json');
  tiles.manager.addHandler(/\.(gltf|glb)$/, new GLTFLoader(tiles.manager).setMeshoptDecoder(MeshoptDecoder));
  tiles.errorTarget = VIEW.error_px;
  tiles.group.rotation.x = -Math.PI / 2;
  scene.add(tiles.group);
  tiles.setCamera(camera);
  tiles.setResolutionFromRenderer(camera, renderer);
  let ended = false;
  let loaded = 0;
  tiles.addEventListener('tiles-load-end', () => { ended = true; });
  tiles.addEventListener('tiles-load-start', () => { ended = false; });
  tiles.addEventListener('load-model', () => { loaded += 1; });
  do {
    await frame();
    tiles.update();
    renderer.render(scene, camera);
  } while (!(ended && loaded > 1));
  return { tiles: loaded, shown: tiles.visibleTiles.size, bytes: tiles.lruCache.cachedBytes };
}

const engines = { layerw, three };
engines[get('engine', 'layerw')]().then((found) => post('shown', found), (error) => post('failed', { error: `${error}\n${error.stack}` }));
