'use strict';
/* Who answers in the device, without an engine: `sent` is what one would be told. */

const assert = require('node:assert');
const path = require('node:path');
const { test } = require('node:test');
const { Partner } = require(path.join(process.env.DEVICE, 'partner.js'));

function setUp() {
  const sent = [];
  const client = { present: true, send: (...message) => sent.push(message) };
  const wishes = { on: true, bars: 2, style: '', instrument: 0, heat: 0.5 };
  return { sent, wishes, partner: new Partner(client, wishes) };
}

const names = (sent) => sent.map(([name]) => name);

test('a new engine is told the latest that was played', () => {
  const { partner, sent } = setUp();
  for (let beat = 1; beat <= 3000; beat++) {
    partner.note(beat, 60, 80);
    partner.note(beat, 60, 0);
  }
  partner.turn(3000);
  const [, , events] = sent.find(([name]) => name === 'listen');
  assert.strictEqual(events.length, 4096);
  assert.strictEqual(events.at(-1)[1], 3000 * 48);
});

for (const kind of ['unknown-session', 'internal']) {
  test(`a session that the engine has ended is opened anew: ${kind}`, () => {
    const { partner, sent } = setUp();
    partner.turn(0);
    partner.note(0, 60, 80);
    partner.turn(0);
    partner.take(['error', kind, 'engine', 'Open it anew.', 1]);
    partner.turn(0);
    assert.deepStrictEqual(names(sent), ['open', 'listen', 'open', 'listen']);
  });
}

test('what is refused for another reason ends no session', () => {
  const { partner, sent } = setUp();
  partner.turn(0);
  partner.take(['error', 'refused', 'client', 'No.', 1]);
  partner.turn(0);
  assert.deepStrictEqual(names(sent), ['open']);
});

test('an answer is asked for with the instrument and the heat of that moment', () => {
  const { partner, sent, wishes } = setUp();
  partner.note(0, 60, 80);
  partner.note(0.5, 60, 0);
  Object.assign(wishes, { instrument: 4, heat: 1.2 });
  partner.turn(2);
  const answer = sent.find(([name]) => name === 'answer');
  assert.deepStrictEqual(answer[7], { instruments: [4] });
  assert.deepStrictEqual(answer[10], { temperature: 1.2 });
});

test('what was struck on one instrument ends on it', () => {
  const { partner, sent, wishes } = setUp();
  partner.turn(0);
  partner.note(0, 60, 80);
  partner.control(0, 64, 127);
  wishes.instrument = 4;
  partner.note(1, 60, 0);
  partner.control(1, 64, 0);
  partner.turn(1);
  const [, , events] = sent.find(([name]) => name === 'listen');
  assert.deepStrictEqual(events.map(([name, , instrument]) => [name, instrument]),
    [['on', 0], ['pedal', 0], ['off', 0], ['pedal', 0]]);
});
