// The order of Gaussians, from the farthest to the nearest, on the GPU: keys of 16 bits of the distance's logarithm, then a
// radix sort of two digits of 8 bits, least significant first and stable. After Cormen et al., "Introduction to Algorithms",
// section 8.3; a thread's rank among those of its workgroup with the same digit is counted in bit masks, so that the order is
// the same every time. splats/order.py sorts where no compute is.
struct SplatSort {
  rows: array<vec4<f32>, 3>, // from the cloud's axes to metres from the eye
  high: f32, // log2 of the farthest distance, squared
  steps: f32, // of keys, an octave of that
  count: u32,
  texels: u32, // of a Gaussian
  order_at: u32, // the first of them in `order`
  blocks: u32,
}

const THREADS = 256u; // a workgroup's, and the values of a digit
const ROUNDS = 16u;
const WORDS = 8u; // of a mask with a bit for each thread

@group(0) @binding(0) var<uniform> sort: SplatSort;
@group(0) @binding(1) var splats: texture_2d<u32>;
@group(0) @binding(2) var<storage, read_write> keys: array<u32>;
@group(0) @binding(3) var<storage, read_write> moved_keys: array<u32>;
@group(0) @binding(4) var<storage, read_write> moved: array<u32>;
// How many of each digit are in a block, then how many are in those before it; behind them how many have a lower digit.
@group(0) @binding(5) var<storage, read_write> counts: array<u32>;
@group(0) @binding(6) var<storage, read_write> order: array<u32>;

var<workgroup> tally: array<atomic<u32>, THREADS>;
var<workgroup> masks: array<atomic<u32>, THREADS * WORDS>;
var<workgroup> places: array<u32, THREADS>;

fn key_of(number: u32) -> u32 {
  let at = number * sort.texels;
  let p = vec4<f32>(bitcast<vec3<f32>>(textureLoad(splats, vec2<u32>(at % SPLAT_LINE, at / SPLAT_LINE), 0).xyz), 1.0);
  let away = vec3<f32>(dot(sort.rows[0], p), dot(sort.rows[1], p), dot(sort.rows[2], p));
  return u32(clamp((sort.high - log2(max(dot(away, away), 1e-12))) * sort.steps, 0.0, 65535.0));
}

fn tell(block: u32, thread: u32) {
  workgroupBarrier();
  counts[block * THREADS + thread] = atomicLoad(&tally[thread]);
}

@compute @workgroup_size(256)
fn make_keys(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) group: vec3<u32>) {
  atomicStore(&tally[thread], 0u);
  workgroupBarrier();
  for (var round = 0u; round < ROUNDS; round++) {
    let number = (group.x * ROUNDS + round) * THREADS + thread;
    if (number < sort.count) {
      let key = key_of(number);
      keys[number] = key;
      atomicAdd(&tally[key & 255u], 1u);
    }
  }
  tell(group.x, thread);
}

@compute @workgroup_size(256)
fn count_high(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) group: vec3<u32>) {
  atomicStore(&tally[thread], 0u);
  workgroupBarrier();
  for (var round = 0u; round < ROUNDS; round++) {
    let at = (group.x * ROUNDS + round) * THREADS + thread;
    if (at < sort.count) {
      atomicAdd(&tally[moved_keys[at] >> 8u], 1u);
    }
  }
  tell(group.x, thread);
}

// By one workgroup: a thread for each digit.
@compute @workgroup_size(256)
fn sum_up(@builtin(local_invocation_index) thread: u32) {
  var sum = 0u;
  for (var block = 0u; block < sort.blocks; block++) {
    let here = counts[block * THREADS + thread];
    counts[block * THREADS + thread] = sum;
    sum += here;
  }
  places[thread] = sum;
  for (var step = 1u; step < THREADS; step *= 2u) {
    workgroupBarrier();
    var before = 0u;
    if (thread >= step) {
      before = places[thread - step];
    }
    workgroupBarrier();
    places[thread] += before;
  }
  counts[sort.blocks * THREADS + thread] = places[thread] - sum;
}

fn begin_block(block: u32, thread: u32) {
  places[thread] = counts[block * THREADS + thread] + counts[sort.blocks * THREADS + thread];
  for (var word = 0u; word < WORDS; word++) {
    atomicStore(&masks[word * THREADS + thread], 0u);
  }
  workgroupBarrier();
}

fn mark(digit: u32, thread: u32) {
  atomicOr(&masks[(thread >> 5u) * THREADS + digit], 1u << (thread & 31u));
}

// Where the thread's own goes.
fn place_in_order(digit: u32, thread: u32) -> u32 {
  let word = thread >> 5u;
  var place = places[digit] + countOneBits(atomicLoad(&masks[word * THREADS + digit]) & ((1u << (thread & 31u)) - 1u));
  for (var before = 0u; before < word; before++) {
    place += countOneBits(atomicLoad(&masks[before * THREADS + digit]));
  }
  return place;
}

// Those of this round are gone; the thread looks after one digit.
fn end_round(thread: u32) {
  workgroupBarrier();
  for (var word = 0u; word < WORDS; word++) {
    places[thread] += countOneBits(atomicLoad(&masks[word * THREADS + thread]));
    atomicStore(&masks[word * THREADS + thread], 0u);
  }
  workgroupBarrier();
}

@compute @workgroup_size(256)
fn move_low(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) group: vec3<u32>) {
  begin_block(group.x, thread);
  for (var round = 0u; round < ROUNDS; round++) {
    let number = (group.x * ROUNDS + round) * THREADS + thread;
    let is_there = number < sort.count;
    var key = 0u;
    if (is_there) {
      key = keys[number];
      mark(key & 255u, thread);
    }
    workgroupBarrier();
    if (is_there) {
      let place = place_in_order(key & 255u, thread);
      moved_keys[place] = key;
      moved[place] = number;
    }
    end_round(thread);
  }
}

@compute @workgroup_size(256)
fn move_high(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) group: vec3<u32>) {
  begin_block(group.x, thread);
  for (var round = 0u; round < ROUNDS; round++) {
    let at = (group.x * ROUNDS + round) * THREADS + thread;
    let is_there = at < sort.count;
    var digit = 0u;
    if (is_there) {
      digit = moved_keys[at] >> 8u;
      mark(digit, thread);
    }
    workgroupBarrier();
    if (is_there) {
      order[sort.order_at + place_in_order(digit, thread)] = moved[at];
    }
    end_round(thread);
  }
}
