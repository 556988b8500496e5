// The other engines: each makes a world of a scene's records and has step(), read(), awake() and height().
// Friction 0.6, density 1,000, no bounce; all else by its own defaults. read() copies the poses of what may have moved
// into one Float32Array, by the cheapest way that the engine's interface has.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const FRICTION = 0.6;
const DENSITY = 1000;
const mean = (poses, stride, at, count) => {
  let sum = 0;
  for (let i = 0; i < count; i += 1) sum += poses[i * stride + at];
  return sum / count;
};

/** Engines by name: (records, sleeps) -> world. folder: of npm packages. */
export async function engines(folder) {
  const resolve = createRequire(join(folder, 'x.js')).resolve;
  const load = async (name) => import(pathToFileURL(resolve(name)).href);
  const found = {};
  for (const [name, of] of [['Rapier SIMD', '@dimforge/rapier3d-simd-compat'], ['Rapier', '@dimforge/rapier3d-compat']]) {
    const module = await load(of);
    const RAPIER = module.default ?? module;
    await RAPIER.init();
    found[name] = (records, sleeps) => rapier(RAPIER, records, sleeps);
  }
  const { default: initJolt } = await import(pathToFileURL(join(folder, 'jolt-physics/dist/jolt-physics.wasm-compat.js')));
  const Jolt = await initJolt();
  found.Jolt = (records, sleeps) => jolt(Jolt, records, sleeps);
  found['Jolt (4 + 1)'] = (records, sleeps) => jolt(Jolt, records, sleeps, [4, 1]);
  const esm = join(folder, '@babylonjs/havok/lib/esm');
  const { default: HavokPhysics } = await import(pathToFileURL(join(esm, 'HavokPhysics_es.js')));
  const HK = await HavokPhysics({ wasmBinary: readFileSync(join(esm, 'HavokPhysics.wasm')) });
  found.Havok = (records, sleeps) => havok(HK, records, sleeps);
  return found;
}

function rapier(RAPIER, records, sleeps) {
  const world = new RAPIER.World({ x: 0, y: -9.81, z: 0 });
  const bodies = [];
  for (const [dynamic, x, y, z, hx, hy, hz] of records) {
    const desc = dynamic ? RAPIER.RigidBodyDesc.dynamic().setCanSleep(sleeps) : RAPIER.RigidBodyDesc.fixed();
    const body = world.createRigidBody(desc.setTranslation(x, y, z));
    world.createCollider(RAPIER.ColliderDesc.cuboid(hx, hy, hz).setFriction(FRICTION).setDensity(DENSITY), body);
    if (dynamic) bodies.push(body);
  }
  const number = new Map(bodies.map((body, k) => [body.handle, k]));
  const poses = new Float32Array(bodies.length * 7);
  const place = { x: 0, y: 0, z: 0 };
  const turn = { x: 0, y: 0, z: 0, w: 1 };
  const take = (body) => {
    const at = 7 * number.get(body.handle);
    const p = body.translation(place);
    const q = body.rotation(turn);
    poses[at] = p.x; poses[at + 1] = p.y; poses[at + 2] = p.z;
    poses[at + 3] = q.x; poses[at + 4] = q.y; poses[at + 5] = q.z; poses[at + 6] = q.w;
  };
  return {
    iterations: world.numSolverIterations,
    step: () => world.step(),
    read: () => world.forEachActiveRigidBody(take),
    awake: () => bodies.reduce((n, body) => n + (body.isSleeping() ? 0 : 1), 0),
    height: () => { bodies.forEach(take); return mean(poses, 7, 1, bodies.length); },
    close: () => world.free(),
  };
}

function jolt(Jolt, records, sleeps, iterations) {
  const settings = new Jolt.JoltSettings();
  settings.mMaxBodies = 12000;
  settings.mMaxBodyPairs = 65536;
  settings.mMaxContactConstraints = 10240; // more, and its 10 MB for a step are too few
  const pairs = new Jolt.ObjectLayerPairFilterTable(2);
  pairs.EnableCollision(0, 1);
  pairs.EnableCollision(1, 1);
  const layers = new Jolt.BroadPhaseLayerInterfaceTable(2, 2);
  layers.MapObjectToBroadPhaseLayer(0, new Jolt.BroadPhaseLayer(0));
  layers.MapObjectToBroadPhaseLayer(1, new Jolt.BroadPhaseLayer(1));
  settings.mObjectLayerPairFilter = pairs;
  settings.mBroadPhaseLayerInterface = layers;
  settings.mObjectVsBroadPhaseLayerFilter = new Jolt.ObjectVsBroadPhaseLayerFilterTable(layers, 2, pairs, 2);
  const engine = new Jolt.JoltInterface(settings);
  const system = engine.GetPhysicsSystem();
  const own = system.GetPhysicsSettings();
  if (iterations) {
    [own.mNumVelocitySteps, own.mNumPositionSteps] = iterations;
    system.SetPhysicsSettings(own);
  }
  const bodies = system.GetBodyInterface();
  const ids = [];
  for (const [dynamic, x, y, z, hx, hy, hz] of records) {
    const half = new Jolt.Vec3(hx, hy, hz);
    const shape = new Jolt.BoxShapeSettings(half).Create().Get();
    const kind = dynamic ? Jolt.EMotionType_Dynamic : Jolt.EMotionType_Static;
    const made = new Jolt.BodyCreationSettings(shape, new Jolt.RVec3(x, y, z), new Jolt.Quat(0, 0, 0, 1), kind, dynamic);
    made.mFriction = FRICTION;
    made.mAllowSleeping = sleeps;
    const body = bodies.CreateBody(made);
    Jolt.destroy(made);
    bodies.AddBody(body.GetID(), dynamic ? Jolt.EActivation_Activate : Jolt.EActivation_DontActivate);
    if (dynamic) ids.push(body.GetID());
  }
  system.OptimizeBroadPhase();
  const poses = new Float32Array(ids.length * 7);
  const place = new Jolt.RVec3(0, 0, 0);
  const turn = new Jolt.Quat(0, 0, 0, 1);
  const p = Jolt.getPointer(place) >> 2;
  const q = Jolt.getPointer(turn) >> 2;
  const active = () => system.GetNumActiveBodies(Jolt.EBodyType_RigidBody);
  const take = () => {
    const heap = Jolt.HEAPF32;
    for (let k = 0, at = 0; k < ids.length; k += 1, at += 7) {
      bodies.GetPositionAndRotation(ids[k], place, turn);
      for (let i = 0; i < 3; i += 1) poses[at + i] = heap[p + i];
      for (let i = 0; i < 4; i += 1) poses[at + 3 + i] = heap[q + i];
    }
  };
  return {
    iterations: `${own.mNumVelocitySteps} + ${own.mNumPositionSteps}`,
    step: () => engine.Step(1 / 60, 1),
    read: () => { if (active()) take(); },
    awake: active,
    height: () => { take(); return mean(poses, 7, 1, ids.length); },
    close: () => Jolt.destroy(engine),
  };
}

function havok(HK, records, sleeps) {
  const must = ([result, value]) => { if (result !== HK.Result.RESULT_OK) throw new Error('Havok refused'); return value; };
  const world = must(HK.HP_World_Create());
  HK.HP_World_SetGravity(world, [0, -9.81, 0]);
  const ids = [];
  for (const [dynamic, x, y, z, hx, hy, hz] of records) {
    const shape = must(HK.HP_Shape_CreateBox([0, 0, 0], [0, 0, 0, 1], [2 * hx, 2 * hy, 2 * hz]));
    const least = HK.MaterialCombine.MINIMUM;
    HK.HP_Shape_SetMaterial(shape, [FRICTION, FRICTION, 0, least, least]);
    HK.HP_Shape_SetDensity(shape, DENSITY);
    const body = must(HK.HP_Body_Create());
    HK.HP_Body_SetShape(body, shape);
    HK.HP_Body_SetQTransform(body, [[x, y, z], [0, 0, 0, 1]]);
    HK.HP_Body_SetMotionType(body, dynamic ? HK.MotionType.DYNAMIC : HK.MotionType.STATIC);
    HK.HP_Body_SetMassProperties(body, must(HK.HP_Shape_BuildMassProperties(shape)));
    if (!sleeps) HK.HP_Body_SetActivationControl(body, HK.ActivationControl.ALWAYS_ACTIVE);
    HK.HP_World_AddBody(world, body, false);
    if (dynamic) ids.push(body);
  }
  const offsets = ids.map((id) => must(HK.HP_Body_GetWorldTransformOffset(id)));
  const poses = new Float32Array(ids.length * 16);
  const read = () => { // matrices: that is what its buffer has
    const base = must(HK.HP_World_GetBodyBuffer(world));
    const heap = new Float32Array(HK.HEAPU8.buffer);
    for (let k = 0; k < offsets.length; k += 1) {
      const from = (base + offsets[k]) >> 2;
      for (let i = 0; i < 16; i += 1) poses[16 * k + i] = heap[from + i];
    }
  };
  const isAwake = (id) => must(HK.HP_Body_GetActivationState(id)) === HK.ActivationState.ACTIVE;
  return {
    step: () => HK.HP_World_Step(world, 1 / 60),
    read,
    awake: () => ids.filter(isAwake).length,
    height: () => { read(); return mean(poses, 16, 13, ids.length); },
    close: () => HK.HP_World_Release(world),
  };
}
