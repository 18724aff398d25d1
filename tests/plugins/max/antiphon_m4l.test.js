'use strict';
/* The device's script against a real engine, on ANTIPHON_PORT; DEVICE is the built folder. */

const assert = require('node:assert');
const path = require('node:path');
const { after, test } = require('node:test');
const { setTimeout: pause } = require('node:timers/promises');
const max = require('max-api');
const script = require(path.join(process.env.DEVICE, 'antiphon_m4l.js'));

const { handlers, said } = max.test;
const BPM = 500;
const BEAT_MS = 60000 / BPM;
const STRIKE = 0x90;

after(() => script.close());

/** Wait until `ready` gives something true, and return it. */
async function until(ready) {
  for (let i = 0; i < 2000; i++) {
    const found = ready();
    if (found) return found;
    await pause(10);
  }
  throw new assert.AssertionError({ message: `still nothing: ${ready}` });
}

const strikes = () => said.filter(([name, status]) => name === 'midi' && (status & 0xf0) === STRIKE);

async function play(...keys) {
  for (const key of keys) {
    handlers.note(key, 90);
    await pause(BEAT_MS / 4);
    handlers.note(key, 0);
  }
}

/** Everything that began has ended. */
function balanced() {
  const held = new Map();
  for (const [name, status, pitch] of said) {
    if (name !== 'midi') continue;
    const key = `${status & 0x0f} ${pitch}`;
    held.set(key, (held.get(key) ?? 0) + ((status & 0xf0) === STRIKE ? 1 : -1));
  }
  return [...held.values()].every((count) => count <= 0);
}

test('it says that the engine is there', async () => {
  await until(() => said.some(([name, text]) => name === 'status' && text === 'answers with tiny'));
});

test('a phrase is answered, and every note ends', async () => {
  handlers.transport(1, 0, 0, BPM, 4, 4);
  await play(60, 64, 67, 72);
  await until(() => strikes().length);
  await until(balanced);
});

test('who plays on is not played over', async () => {
  await play(60, 64, 67);
  const before = strikes().length;
  await until(() => strikes().length > before);
  await play(72);
  const cleared = said.findLastIndex(([name]) => name === 'clear');
  assert.ok(cleared > said.indexOf(strikes()[before]));
  await until(balanced);
});

test('turning heat or instrument while it answers cuts nothing off', async () => {
  await play(60, 64, 67);
  const before = strikes().length;
  await until(() => strikes().length > before);
  const from = said.length;
  handlers.heat(1.1);
  handlers.instrument(4);
  await pause(BEAT_MS);
  assert.ok(!said.slice(from).some(([name]) => name === 'clear'));
  handlers.instrument(0);
  await until(balanced);
});

test('a jump of the transport silences it and begins anew', async () => {
  handlers.transport(1, 1, 480 * 64, BPM, 3, 4);
  const before = said.length;
  handlers.transport(1, 1, 480 * 4000, BPM, 3, 4);
  await until(() => said.slice(before).some(([name]) => name === 'clear'));
  const struck = strikes().length;
  await play(60, 62, 64);
  await until(() => strikes().length > struck);
});

test('switched off it keeps silent', async () => {
  handlers.on(0);
  await until(balanced);
  const before = strikes().length;
  await play(60, 64, 67);
  await pause(6 * BEAT_MS);
  assert.strictEqual(strikes().length, before);
  handlers.on(1);
});

test('what the engine refuses is shown', async () => {
  handlers.style('polka');
  await until(() => said.some(([name, text]) => name === 'status' && text.includes('polka')));
});
