/** three.js: 10,000 separate meshes (`meshes`), or one InstancedMesh with every matrix updated (`instanced`). */
import { HEIGHT, WIDTH, composeAll } from './scene.js';

export async function create(canvas, scene, { api, instanced }) {
  const THREE = await import(api === 'webgpu' ? 'three/webgpu' : 'three');
  const Renderer = api === 'webgpu' ? THREE.WebGPURenderer : THREE.WebGLRenderer;
  const renderer = new Renderer({ canvas, antialias: true });
  if (api === 'webgpu') await renderer.init();
  renderer.setSize(WIDTH, HEIGHT, false);
  const world = new THREE.Scene();
  const camera = new THREE.PerspectiveCamera(60, WIDTH / HEIGHT, 0.1, 1000);
  camera.position.set(...scene.eye);
  camera.lookAt(0, 0, 0);
  const sun = new THREE.DirectionalLight(0xffffff, 3);
  sun.position.set(5, 7, 5);
  world.add(sun, new THREE.HemisphereLight(0x99bbff, 0x444444, 1));
  const geometry = new THREE.BoxGeometry();
  const update = instanced ? instances(THREE, world, geometry, scene) : meshes(THREE, world, geometry, scene);
  const frame = (time) => {
    update(time);
    renderer.render(world, camera);
  };
  return { frame, destroy: () => renderer.dispose() };
}

function meshes(THREE, world, geometry, scene) {
  const { home, scale, color, phase } = scene;
  const all = Array.from({ length: scene.count }, (_, i) => {
    const material = new THREE.MeshStandardMaterial({ roughness: 0.6, color: new THREE.Color().setRGB(color[i * 3], color[i * 3 + 1], color[i * 3 + 2]) });
    const mesh = new THREE.Mesh(geometry, material);
    mesh.position.set(home[i * 3], home[i * 3 + 1], home[i * 3 + 2]);
    mesh.scale.set(scale[i * 3], scale[i * 3 + 1], scale[i * 3 + 2]);
    world.add(mesh);
    return mesh;
  });
  return (time) => {
    for (let i = 0; i < all.length; i += 1) {
      const half = (phase[i] + time) / 2;
      const s = Math.sin(half);
      const c = Math.cos(half);
      all[i].quaternion.set(0, s, 0, c);
      all[i].position.y = home[i * 3 + 1] + 2 * s * c;
    }
  };
}

function instances(THREE, world, geometry, scene) {
  const mesh = new THREE.InstancedMesh(geometry, new THREE.MeshStandardMaterial({ roughness: 0.6 }), scene.count);
  mesh.frustumCulled = false;
  for (let i = 0; i < scene.count; i += 1) mesh.setColorAt(i, new THREE.Color().setRGB(...scene.color.subarray(i * 3, i * 3 + 3)));
  world.add(mesh);
  return (time) => {
    composeAll(scene, time, mesh.instanceMatrix.array); // faster than setMatrixAt: the peer at its best
    mesh.instanceMatrix.needsUpdate = true;
  };
}
