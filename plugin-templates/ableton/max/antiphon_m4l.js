'use strict';
/*
 * The Max for Live device's script: between Max's messages and the engine. Runs in [node.script].
 *
 * In:  note PITCH VELOCITY, control NUMBER VALUE, transport BAR ROLLING TICKS BPM BEATS VALUE,
 *      on 0|1, bars N, heat X, instrument N, style NAME, panic
 * Out: midi STATUS DATA1 DATA2 DELAY_MS, clear (what was delayed), status TEXT
 */

const max = require('max-api');
const { performance } = require('node:perf_hooks');
const { Client, DEFAULT_PORT } = require('./antiphon.js');
const { Clock } = require('./clock.js');
const { Partner } = require('./partner.js');

/** How often there is a look at what is due, and how far it goes ahead: Max places it exactly. */
const TURN_MS = 10, AHEAD_BEATS = 0.1;
/** Max's ticks to the quarter note. */
const TICKS = 480;

const wishes = { on: true, bars: 4, style: '', instrument: 0, heat: 0.95 };
const client = new Client(Number(process.env.ANTIPHON_PORT || DEFAULT_PORT), 'Max for Live');
const clock = new Clock(performance.now());
const partner = new Partner(client, wishes);
let metre = [4, 4];
let generation = partner.generation;

const now = () => clock.at(performance.now());
const status = (text) => max.outlet('status', text);

/** End what sounds, and what is on its way. */
function silence() {
  max.outlet('clear');
  for (const message of partner.releases()) max.outlet('midi', ...message, 0);
}

function turn() {
  partner.turn(now());
  if (partner.generation !== generation) {
    generation = partner.generation;
    silence();
  }
  for (const { beat, bytes } of partner.due(now() + AHEAD_BEATS)) {
    max.outlet('midi', ...bytes, clock.delayMs(beat, performance.now()));
  }
}

/** A wish that holds from the next session on: begin it now. */
function wish(name, value) {
  if (wishes[name] === value) return;
  wishes[name] = value;
  partner.forget(now(), metre, clock.bpm);
}

max.addHandlers({
  note: (pitch, velocity) => partner.note(now(), pitch, velocity),
  control: (number, value) => partner.control(now(), number, value),
  transport: (_bar, rolling, ticks, bpm, beats, value) => {
    metre = [beats, value];
    if (clock.report(Boolean(rolling), ticks / TICKS, bpm, performance.now())) {
      partner.forget(now(), metre, bpm);
    }
  },
  on: (value) => {
    wishes.on = Boolean(value);
    if (!wishes.on) partner.hush();
  },
  bars: (value) => { wishes.bars = value; },
  heat: (value) => { wishes.heat = value; },
  instrument: (value) => { wishes.instrument = value; },
  style: (name) => wish('style', String(name)),
  panic: () => partner.hush(),
});

client.on('present', ([, , model]) => status(`answers with ${model}`));
client.on('lost', () => status('the engine is gone: antiphon serve'));
client.on('complaint', status);
client.on('message', (message) => {
  if (message[0] === 'error') status(message[3]);
  partner.take(message);
});
status('no engine yet: antiphon serve');
const turns = setInterval(turn, TURN_MS);

/** For tests, which end; in Max the process is ended. */
module.exports = {
  close() {
    clearInterval(turns);
    client.close();
  },
};
