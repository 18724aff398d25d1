'use strict';
/*
 * Shows what the JavaScript client does, line by line, as ../CONFORMANCE.md has it.
 *
 *   node conformance.js PORT TABLE [ROUNDS]
 */

const fs = require('node:fs');
const { Client } = require('./antiphon.js');
const { pack, unpack } = require('./msgpack.js');

const PATIENCE_MS = 20000;
const KEYS = [60, 62, 64, 65, 67, 69, 71, 72];
const PHRASE = KEYS.flatMap((key, i) => [
  ['on', 24 * i, 0, key, 80],
  ['off', 24 * i + 24, 0, key],
]);
const FIRST = [
  ['open', 1, 7, [], 120.0, [4, 4]],
  ['listen', 1, PHRASE],
  ['answer', 1, 1, 192, 960, true],
];
/** What is said after so many `done` of a generation: AFTER[generation][how many]. */
const AFTER = {
  1: { 1: [['answer', 1, 2, 960, 1728, true, false, null, null, 2]] },
  2: { 2: [['keep', 1, 2, 1], ['answer', 1, 3, 1728, 2496, true]] },
  3: {
    1: [
      ['rewind', 1, 2016],
      ['listen', 1, [['on', 2016, 0, 60, 80], ['off', 2040, 0, 60]]],
      ['answer', 1, 4, 2064, 2832, true],
    ],
  },
  4: { 1: [['close', 1], ['cancel', 1]] },
};

function show(message) {
  fs.writeSync(1, `${JSON.stringify(message)}\n`);
}

function showGolden(path) {
  fs.readFileSync(path, 'utf8').split('\n').filter(Boolean).forEach((line, index) => {
    const message = unpack(Buffer.from(line.split('\t')[2], 'hex'));
    show(['golden', index, message, pack(message).toString('hex')]);
  });
}

/** End the program with a sentence. */
function fail(code, sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(code);
}

/** Hold the conversation, round after round, and print what is said to us. */
function converse(client, rounds) {
  let round = 1;
  let over = false;
  let done = {};
  const say = (messages = []) => messages.forEach((message) => client.send(...message));
  const patience = setTimeout(() => fail(1, `Nothing came for ${PATIENCE_MS / 1000} s.`), PATIENCE_MS);

  client.on('present', (welcome) => {
    if (over) round += 1;
    over = false;
    done = {};
    show(welcome);
    say(FIRST);
  });
  client.on('message', (message) => {
    patience.refresh();
    show(message);
    if (message[0] === 'done') {
      const generation = message[2];
      done[generation] = (done[generation] ?? 0) + 1;
      say(AFTER[generation]?.[done[generation]]);
    } else if (message[0] === 'error') {
      over = true;
      show(['round', round]);
      if (round === rounds) {
        clearTimeout(patience);
        client.close();
      }
    }
  });
  client.on('lost', () => show(['lost']));
  client.on('complaint', (sentence) => fail(3, sentence));
}

const [port, table, rounds = 1] = process.argv.slice(2);
showGolden(table);
converse(new Client(Number(port), 'conformance js'), Number(rounds));
