// The room of walkers.py as Colyseus has it: 2,000 things that all move, 20 patches a second, and each player is told of those in
// the nine cells around him, by a StateView. Server here, players in a process of its own; what the server took is printed.
//
//   mkdir /tmp/colyseus && cd /tmp/colyseus && npm i @colyseus/core@0.18.17 @colyseus/ws-transport@0.18.4 @colyseus/schema@5.0.34 @colyseus/sdk
//   cp …/benchmarks/rooms/colyseus.mjs . && node colyseus.mjs 100 8
import { fork } from 'node:child_process';
import { Server, Room, matchMaker } from '@colyseus/core';
import { WebSocketTransport } from '@colyseus/ws-transport';
import { schema, StateView, t } from '@colyseus/schema';

const [ENTITIES, CELL, INTEREST, PORT] = [Number(process.env.WALKERS ?? 2000), 16, 64, 2790];
const SIDE = CELL * 3 * Math.sqrt(ENTITIES / INTEREST);
let before, begun;
const [clients, seconds] = [Number(process.argv[2] ?? 100), Number(process.argv[3] ?? 8)];

// As walkers.py's: x and z of 1/128 m, whose it is, and points; Colyseus sends numbers as small as they are.
const Walker = schema({ x: t.number(), z: t.number(), owner: t.uint16(), hp: t.uint8() }, 'Walker');
const State = schema({ walkers: t.array(Walker).view() }, 'State');
const cell = (x, z) => Math.floor(x / CELL) * 65536 + Math.floor(z / CELL);

class Walkers extends Room {
  maxClients = 2000;
  onCreate() {
    this.patchRate = 50;
    this.autoDispose = false;
    this.state = new State();
    this.speed = [];
    for (let k = 0; k < ENTITIES; k++) {
      const one = new Walker();
      [one.x, one.z, one.owner, one.hp] = [Math.round(Math.random() * SIDE * 128), Math.round(Math.random() * SIDE * 128), 0, 100];
      this.state.walkers.push(one);
      this.speed.push([Math.random() * 6 - 3, Math.random() * 6 - 3]);
    }
    this.setSimulationInterval(() => this.walk(), 50);
  }
  walk() {
    const cells = new Map();
    this.state.walkers.forEach((one, k) => {
      for (const [axis, key] of [[0, 'x'], [1, 'z']]) {
        const next = one[key] + Math.round(this.speed[k][axis] * 128 / 20);
        if (next < 0 || next > SIDE * 128) this.speed[k][axis] *= -1; else one[key] = next;
      }
      const at = cell(one.x / 128, one.z / 128);
      if (!cells.has(at)) cells.set(at, []);
      cells.get(at).push(one);
    });
    for (const client of this.clients) {
      const seen = new Set();
      for (let x = -1; x <= 1; x++) for (let z = -1; z <= 1; z++) {
        for (const one of cells.get(cell(client.at[0] + x * CELL, client.at[1] + z * CELL)) ?? []) seen.add(one);
      }
      for (const one of seen) if (!client.seen.has(one)) client.view.add(one);
      for (const one of client.seen) if (!seen.has(one)) client.view.remove(one);
      client.seen = seen;
    }
  }
  onJoin(client) {
    client.at = [Math.random() * SIDE, Math.random() * SIDE];
    client.seen = new Set();
    client.view = new StateView();
  }
}

if (process.env.PLAYERS) {
  const { Client } = await import('@colyseus/sdk');
  let [bytes, messages, on] = [0, 0, false];
  const { WebSocket } = await import('ws');
  const take = WebSocket.prototype.emit;
  WebSocket.prototype.emit = function (name, data, ...rest) {
    if (name === 'message' && on) { bytes += data.byteLength ?? data.length; messages++; }
    return take.call(this, name, data, ...rest);
  };
  for (let k = 0; k < clients; k++) {
    const room = await new Client(`http://127.0.0.1:${PORT}`).joinOrCreate('walkers');
    room.serializer.patch = () => {}; // they are told, and show nothing, as layerw's swarm
  }
  process.on('disconnect', () => process.exit());
  process.send('joined');
  process.on('message', (what) => {
    if (what === 'begin') [bytes, messages, on] = [0, 0, true];
    else { process.send({ bytes, messages }); setTimeout(() => process.exit(), 200); }
  });
} else {
  const server = new Server({ transport: new WebSocketTransport(), greet: false });
  server.define('walkers', Walkers);
  await server.listen(PORT, '127.0.0.1');
  const players = fork(process.argv[1], process.argv.slice(2), { env: { ...process.env, PLAYERS: '1' } });
  players.on('message', (what) => {
    if (what !== 'joined') {
      const took = process.cpuUsage(before), share = (took.user + took.system) / 1e6 / ((performance.now() - begun) / 1e3);
      console.log(JSON.stringify({ clients, share_of_a_core: +share.toFixed(3), clients_a_core: Math.round(clients / share),
        messages_a_second: +(what.messages / clients / seconds).toFixed(2), bytes_a_second: Math.round(what.bytes / clients / seconds) }));
      process.exit();
    }
    setTimeout(() => {
      [before, begun] = [process.cpuUsage(), performance.now()];
      players.send('begin');
      setTimeout(() => players.send('end'), seconds * 1000);
    }, 1500);
  });
}
