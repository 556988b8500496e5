// @ts-check
/**
 * @file The mix as a graph of Web Audio: engine_py/layerw/audio/mixer.py is its twin, and the numbers are the same.
 *
 * Owns: a gain for each bus, the nodes of each voice that is heard, and the bend at the end that keeps all below 1.
 * Does not: choose voices or levels, Python does; nor own the context. Every gain goes by ramps: nothing clicks.
 * Graph of a voice: source > edge (begin and end) > left, right > merger > its bus > ... > main > bend > out. One that is
 * placed around the head has one gain and a panner by HRTF instead, which the twin does not know.
 */

const EDGE_S = 0.002; // how long a sound takes to begin, and to end at its end
const RAMP_S = 0.015; // time constant of levels, which come 30 times a second
const LATE_S = 0.02; // when the first samples of a live voice are heard
const TELL_FEEDS = 60;
const KNEE = 0.8;
const BEND_RANGE = 4; // louder sums are cut off
const BEND_POINTS = 8193;
const POLE = Math.exp(-2 * Math.PI * 900 / 48_000); // what is behind something: as MUFFLE in mixer.py
const FED = [1, 3]; // the buses that are heard in reverb zones: "sfx" and "voice"

/** slot, sound, seconds, loop, rate, bus, left, right, muffled, around @typedef {[number, number, number, boolean, number, number, number, number, number, boolean?]} Start */
/** slot, seconds @typedef {[number, number]} Stop */
/** @typedef {{ buses?: [number, number][], zones?: [number, number][], feeds?: [number, Float32Array<ArrayBuffer> & { shape: number[] }][], stops?: Stop[], starts?: Start[], levels?: Float32Array, around?: Float32Array }} Orders levels: rows of slot, left, right, rate, muffled; around: of slot, right, up, back */
/** @typedef {{ source: AudioBufferSourceNode | null, begun: number, next: number, fed: number, edge: GainNode, left: GainNode, right: GainNode, panner: PannerNode | null, muffle: { dry: GainNode, dull: GainNode } | null, nodes: AudioNode[], rate: number, at: number, since: number, length: number, loop: boolean }} Voice */

/** As `bent` in mixer.py. @param {number} x */
export function bent(x) {
  const size = Math.abs(x);
  if (size <= KNEE) return x;
  return Math.sign(x) * (KNEE + (1 - KNEE) * Math.tanh((size - KNEE) / (1 - KNEE)));
}

export class Graph {
  /** A number: of a live sound, its channels. @type {Map<number, AudioBuffer | number>} */
  sounds = new Map();
  /** @type {GainNode[]} */
  #buses = [];
  /** @type {Map<number, { feed: GainNode, room: ConvolverNode }>} */
  #zones = new Map();
  /** @type {Map<number, Voice>} */
  #voices = new Map();

  /** @param {BaseAudioContext} context */
  constructor(context) {
    /** Told now and then how many seconds a live voice has in hand. @type {(slot: number, seconds: number) => void} */
    this.tellAhead = () => {};
    this.context = context;
    const curve = new Float32Array(BEND_POINTS).map((_, i) => bent((2 * i / (BEND_POINTS - 1) - 1) * BEND_RANGE));
    this.into = new GainNode(context, { gain: 1 / BEND_RANGE });
    /** Towards silence before the context is held. */
    this.out = new GainNode(context, { gain: 1 });
    this.into.connect(new WaveShaperNode(context, { curve })).connect(this.out).connect(context.destination);
  }

  /** How many voices are heard. */
  get size() {
    return this.#voices.size;
  }

  /** @param {number} index */
  bus(index) {
    return this.#buses[index];
  }

  /** What changes with this frame. @param {Orders} orders */
  receive({ buses, zones, stops, starts, levels, around, feeds }) {
    const now = this.context.currentTime;
    buses?.forEach(([parent, gain], index) => this.#setBus(index, parent, gain, now));
    zones?.forEach(([index, gain]) => this.#zones.get(index)?.feed.gain.setTargetAtTime(gain, now, RAMP_S));
    stops?.forEach(([slot, fade]) => this.#letGo(slot, fade, now));
    starts?.forEach((start) => this.#start(start, now));
    if (levels) this.#setLevels(levels, now);
    if (around) this.#setAround(around, now, starts);
    feeds?.forEach(([slot, samples]) => this.#feed(slot, samples, now));
  }

  /** A reverb zone. @param {number} index @param {AudioBuffer | null} answer of the room; null: it is gone */
  setZone(index, answer) {
    const old = this.#zones.get(index);
    if (old) {
      old.feed.gain.setTargetAtTime(0, this.context.currentTime, RAMP_S);
      const lastMs = 1000 * (RAMP_S * 10 + (old.room.buffer?.duration ?? 0)); // it dies away
      setTimeout(() => [old.feed, old.room].forEach((node) => node.disconnect()), lastMs);
    }
    this.#zones.delete(index);
    if (answer === null) return;
    const feed = new GainNode(this.context, { gain: 0 });
    const room = new ConvolverNode(this.context, { buffer: answer, disableNormalization: true });
    for (const bus of FED) this.#buses[bus].connect(feed);
    feed.connect(room).connect(this.#buses[0]);
    this.#zones.set(index, { feed, room });
  }

  /** @param {number} index @param {number} parent -1: the end @param {number} gain @param {number} now */
  #setBus(index, parent, gain, now) {
    const known = this.#buses[index];
    if (known) return void known.gain.setTargetAtTime(gain, now, RAMP_S);
    const bus = new GainNode(this.context, { gain });
    bus.connect(parent < 0 ? this.into : this.#buses[parent]);
    this.#buses[index] = bus;
  }

  /** @param {Start} start @param {number} now */
  #start([slot, sound, seconds, loop, rate, bus, left, right, muffled, isAround], now) {
    this.#letGo(slot, null, now);
    const buffer = this.sounds.get(sound);
    if (!buffer) return;
    const { context } = this;
    const isLive = typeof buffer === 'number';
    const channels = isLive ? buffer : buffer.numberOfChannels;
    const source = isLive ? null : new AudioBufferSourceNode(context, { buffer, loop, playbackRate: rate });
    const edge = new GainNode(context, { gain: 0, channelCount: channels, channelCountMode: 'explicit' });
    const sides = [new GainNode(context, { gain: isAround ? Math.max(left, right) : left }), new GainNode(context, { gain: right })];
    const panner = isAround ? new PannerNode(context, { panningModel: 'HRTF', rolloffFactor: 0, positionZ: -1 }) : null;
    const merger = new ChannelMergerNode(context, { numberOfInputs: 2 });
    /** @type {AudioNode[]} */
    const nodes = [...(source ? [source] : []), edge, ...sides, panner ?? merger];
    source?.connect(edge);
    const muffle = muffled < 0 ? null : this.#muffle(edge, muffled, nodes);
    const shaped = muffle ? nodes[nodes.length - 1] : edge;
    if (panner) {
      shaped.connect(sides[0]).connect(panner).connect(this.#buses[bus]);
    } else if (channels > 1) {
      const splitter = new ChannelSplitterNode(context, { numberOfOutputs: 2 });
      nodes.push(splitter);
      shaped.connect(splitter);
      sides.forEach((side, channel) => splitter.connect(side, channel));
    } else {
      sides.forEach((side) => shaped.connect(side));
    }
    if (!panner) {
      sides.forEach((side, channel) => side.connect(merger, 0, channel));
      merger.connect(this.#buses[bus]);
    }
    /** @type {Voice} */
    const voice = { source, begun: now, next: 0, fed: 0, edge, left: sides[0], right: sides[1], panner, muffle, nodes, rate, at: seconds, since: now, length: isLive ? Infinity : buffer.duration, loop };
    this.#voices.set(slot, voice);
    if (!source) return; // its edge opens with its first samples
    edge.gain.setValueAtTime(0, now);
    edge.gain.linearRampToValueAtTime(1, now + EDGE_S);
    this.#planEnd(voice, now + EDGE_S);
    source.onended = () => {
      for (const node of nodes) node.disconnect();
      if (this.#voices.get(slot) === voice) this.#voices.delete(slot);
    };
    source.start(now, seconds);
  }

  /** The next samples of a live voice follow on what it has. @param {number} slot @param {Float32Array<ArrayBuffer> & { shape: number[] }} samples @param {number} now */
  #feed(slot, samples, now) {
    const voice = this.#voices.get(slot);
    if (!voice || voice.source) return;
    const [channels, length] = samples.shape;
    const rate = this.context.sampleRate;
    if (voice.next < now) { // it begins, or ran dry
      voice.next = Math.ceil((now + LATE_S) * rate) / rate;
      voice.begun = voice.next;
      voice.edge.gain.setValueAtTime(0, voice.next);
      voice.edge.gain.linearRampToValueAtTime(1, voice.next + EDGE_S);
    }
    const buffer = new AudioBuffer({ numberOfChannels: channels, length, sampleRate: rate });
    for (let channel = 0; channel < channels; channel += 1) buffer.copyToChannel(samples.subarray(channel * length, (channel + 1) * length), channel);
    const part = new AudioBufferSourceNode(this.context, { buffer });
    part.connect(voice.edge);
    part.onended = () => part.disconnect();
    part.start(voice.next);
    voice.next += length / rate;
    voice.fed += 1;
    if (voice.fed % TELL_FEEDS === 0) this.tellAhead(slot, voice.next - now);
  }

  /** As it is and dull, side by side; the last of the nodes is their sum. @param {GainNode} edge @param {number} share @param {AudioNode[]} nodes */
  #muffle(edge, share, nodes) {
    const { context } = this;
    const filter = new IIRFilterNode(context, { feedforward: [(1 - POLE) ** 2], feedback: [1, -2 * POLE, POLE * POLE] });
    const muffle = { dry: new GainNode(context, { gain: 1 - share }), dull: new GainNode(context, { gain: share }) };
    const sum = new GainNode(context);
    edge.connect(muffle.dry).connect(sum);
    edge.connect(filter).connect(muffle.dull).connect(sum);
    nodes.push(filter, muffle.dry, muffle.dull, sum);
    return muffle;
  }

  /** Its last moment goes to zero. @param {Voice} voice @param {number} from nothing is planned before that */
  #planEnd({ edge, at, since, length, loop, rate }, from) {
    if (loop) return;
    const end = since + (length - at) / rate;
    edge.gain.setValueAtTime(1, Math.max(from, end - EDGE_S));
    edge.gain.linearRampToValueAtTime(0, Math.max(from + EDGE_S / 4, end));
  }

  /** @param {Float32Array} levels @param {number} now */
  #setLevels(levels, now) {
    for (let at = 0; at < levels.length; at += 5) {
      const voice = this.#voices.get(levels[at]);
      if (!voice) continue;
      const loud = Math.max(levels[at + 1], levels[at + 2]);
      voice.left.gain.setTargetAtTime(voice.panner ? loud : levels[at + 1], now, RAMP_S);
      voice.right.gain.setTargetAtTime(levels[at + 2], now, RAMP_S);
      voice.muffle?.dry.gain.setTargetAtTime(1 - levels[at + 4], now, RAMP_S);
      voice.muffle?.dull.gain.setTargetAtTime(levels[at + 4], now, RAMP_S);
      if (Math.fround(voice.rate) !== levels[at + 3]) this.#setRate(voice, levels[at + 3], now);
    }
  }

  /** At once for what begins. @param {Float32Array} around @param {number} now @param {Start[]} [starts] */
  #setAround(around, now, starts = []) {
    const begins = new Set(starts.map(([slot]) => slot));
    for (let at = 0; at < around.length; at += 4) {
      const panner = this.#voices.get(around[at])?.panner;
      if (!panner) continue;
      [panner.positionX, panner.positionY, panner.positionZ].forEach((axis, k) => {
        if (begins.has(around[at])) axis.setValueAtTime(around[at + 1 + k], now);
        else axis.setTargetAtTime(around[at + 1 + k], now, RAMP_S);
      });
    }
  }

  /** @param {Voice} voice @param {number} rate @param {number} now */
  #setRate(voice, rate, now) {
    if (!voice.loop) this.#hold(voice, now);
    voice.at += (now - voice.since) * voice.rate;
    voice.since = now;
    voice.rate = rate;
    voice.source?.playbackRate.setTargetAtTime(rate, now, RAMP_S);
    if (voice.loop) return;
    voice.edge.gain.linearRampToValueAtTime(1, now + EDGE_S);
    this.#planEnd(voice, now + EDGE_S);
  }

  /** Forgets what was planned, from where it is, which not every browser's `value` says. @param {Voice} voice @param {number} now */
  #hold({ edge: { gain }, begun, at, since, length, rate, loop }, now) {
    const left = loop ? 1 : (since + (length - at) / rate - now) / EDGE_S;
    gain.cancelScheduledValues(now);
    gain.setValueAtTime(Math.max(0, Math.min(1, (now - begun) / EDGE_S, left)), now);
  }

  /** Its slot is another's. @param {number} slot @param {number | null} fade seconds; null: it plays to its end @param {number} now */
  #letGo(slot, fade, now) {
    const voice = this.#voices.get(slot);
    if (!voice) return;
    this.#voices.delete(slot);
    if (fade === null && !voice.loop) return;
    const span = Math.max(fade ?? 0, EDGE_S);
    this.#hold(voice, now);
    voice.edge.gain.linearRampToValueAtTime(0, now + span);
    voice.source?.stop(now + span + EDGE_S);
    if (!voice.source) setTimeout(() => voice.nodes.forEach((node) => node.disconnect()), 1000 * (span + EDGE_S));
  }
}
