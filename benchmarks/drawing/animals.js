/** three.js: animals of one file, each a clone with an AnimationMixer at its own clip and time, as in animals.py. */
import { HEIGHT, WIDTH } from './scene.js';

/** @param {HTMLCanvasElement} canvas @param {number} count @param {string} api */
export async function create(canvas, count, api) {
  const THREE = await import(api === 'webgpu' ? 'three/webgpu' : 'three');
  const { GLTFLoader } = await import('three/addons/loaders/GLTFLoader.js');
  const { clone } = await import('three/addons/utils/SkeletonUtils.js');
  const Renderer = api === 'webgpu' ? THREE.WebGPURenderer : THREE.WebGLRenderer;
  const renderer = new Renderer({ canvas, antialias: true });
  if (api === 'webgpu') await renderer.init();
  renderer.setSize(WIDTH, HEIGHT, false);
  const gltf = await new GLTFLoader().loadAsync(new URL('animal.glb', import.meta.url).href);
  const world = new THREE.Scene();
  const camera = new THREE.PerspectiveCamera(60, WIDTH / HEIGHT, 0.1, 1000);
  camera.position.set(0, 14, 22);
  camera.lookAt(0, 0, -20);
  const sun = new THREE.DirectionalLight(0xffffff, 3);
  sun.position.set(5, 7, 5);
  world.add(sun, new THREE.HemisphereLight(0x99bbff, 0x444444, 1));
  const mixers = Array.from({ length: count }, (_, k) => {
    const one = clone(gltf.scene);
    one.position.set(2 * (k % 40) - 39, 0, -2 * Math.floor(k / 40));
    world.add(one);
    const mixer = new THREE.AnimationMixer(one);
    const action = mixer.clipAction(gltf.animations[k % gltf.animations.length]).play();
    action.time = (0.37 * k) % action.getClip().duration;
    return mixer;
  });
  const frame = () => {
    for (const mixer of mixers) mixer.update(1 / 60);
    renderer.render(world, camera);
  };
  return { frame, destroy: () => renderer.dispose() };
}
