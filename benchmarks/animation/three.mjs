// three.js: COUNT clones of a glb, each with a mixer at its own clip and time: node three.mjs FILE COUNT FRAMES.
// What a renderer does before it draws is part of it: world matrices and bone matrices. Prints milliseconds by frame.
import { readFileSync } from 'node:fs';
import { AnimationMixer, Scene } from 'three';
import { GLTFLoader } from 'three/examples/jsm/loaders/GLTFLoader.js';
import { clone } from 'three/examples/jsm/utils/SkeletonUtils.js';

const [file, count, frames] = process.argv.slice(2);
const bytes = readFileSync(file);
globalThis.self = globalThis;
const gltf = await new GLTFLoader().parseAsync(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length), '');
const scene = new Scene();
const mixers = [];
const skeletons = [];
for (let k = 0; k < Number(count); k += 1) {
  const one = clone(gltf.scene);
  scene.add(one);
  one.position.set(k % 100, 0, Math.floor(k / 100));
  one.traverse((node) => { if (node.isSkinnedMesh) skeletons.push(node.skeleton); });
  const mixer = new AnimationMixer(one);
  const action = mixer.clipAction(gltf.animations[k % gltf.animations.length]);
  action.play();
  action.time = (0.37 * k) % action.getClip().duration;
  mixers.push(mixer);
}
const times = [];
for (let k = 0; k < Number(frames) + 20; k += 1) {
  const start = process.cpuUsage();
  for (const mixer of mixers) mixer.update(1 / 60);
  scene.updateMatrixWorld();
  for (const skeleton of skeletons) skeleton.update();
  const used = process.cpuUsage(start);
  if (k >= 20) times.push((used.user + used.system) / 1000);
}
console.log(JSON.stringify(times));
