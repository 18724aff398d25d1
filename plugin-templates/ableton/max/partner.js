'use strict';
/*
 * Who answers: hears keys, knows when a phrase is over, and plays what the engine says.
 *
 * Knows neither Max nor sockets. Time is in beats (quarter notes) and is handed in.
 */

const { TICKS_PER_BEAT } = require('./antiphon.js');

const SESSION = 1;
/** Beats without a key, and the phrase is over. */
const SILENCE = 1;
/** Beats between asking and the earliest answer. */
const LEAD = 0.25;
/** Events that a new engine is told. */
const MOST_HISTORY = 4096;

const STRIKE = 0x90, RELEASE = 0x80;
const DRUMS = 16, DRUM_CHANNEL = 9;
const SUSTAIN = 64;

/** `client` has send(name, ...fields) and present; `wishes` has on, bars, style, instrument, heat. */
class Partner {
  constructor(client, wishes) {
    this.client = client;
    this.wishes = wishes;
    this.generation = 0;
    this.sounding = new Set();
    this.forget(0, [4, 4], 120);
  }

  /** Begin anew at this beat: the transport has jumped. */
  forget(now, metre, bpm) {
    this.metre = metre;
    this.bpm = Math.min(Math.max(bpm, 10), 500);
    this.bar = metre[0] * 4 / metre[1];
    this.origin = Math.floor(now / this.bar) * this.bar;
    this.history = [];
    this.news = [];
    this.latest = 0;
    this.held = new Map();
    this.pedalled = null;
    this.pending = false;
    this.opened = false;
    this.hush();
  }

  /** Drop all that was to sound; `releases` says what still does. */
  hush() {
    this.generation += 1;
    this.schedule = [];
    this.answering = false;
  }

  /** A key of the player's went down, or up if `velocity` is 0. */
  note(beat, pitch, velocity) {
    const tick = this.tick(beat);
    if (velocity === 0) {
      // What it was struck as: the instrument may have been changed since.
      const instrument = this.held.get(pitch) ?? this.wishes.instrument;
      this.held.delete(pitch);
      this.say(['off', tick, instrument, pitch]);
      return;
    }
    if (this.answering || this.schedule.length) this.interrupt(tick);
    this.held.set(pitch, this.wishes.instrument);
    this.pending = true;
    this.say(['on', tick, this.wishes.instrument, pitch, velocity]);
  }

  control(beat, number, value) {
    if (number !== SUSTAIN) return;
    const instrument = this.pedalled ?? this.wishes.instrument;
    this.pedalled = value >= 64 ? instrument : null;
    this.say(['pedal', this.tick(beat), instrument, value >= 64]);
  }

  tick(beat) {
    return Math.max(this.latest, Math.round((beat - this.origin) * TICKS_PER_BEAT));
  }

  say(event) {
    this.latest = event[1];
    if (this.opened) this.news.push(event); // else `open` tells the history
    this.history.push(event);
    if (this.history.length > MOST_HISTORY) this.history.shift();
  }

  /** The player goes on while an answer is made or sounds: it ends here. */
  interrupt(tick) {
    this.tell();
    this.client.send('cancel', SESSION);
    this.client.send('rewind', SESSION, tick);
    this.hush();
  }

  /** A message of the engine's. */
  take([name, kind, generation, notes]) {
    if (name === 'error') return this.refused(kind);
    if (generation !== this.generation) return;
    if (name === 'notes') notes.forEach((note) => this.plan(note));
    if (name === 'done') this.answering = false;
  }

  /** The engine ends sessions that break or are silent too long: the next turn opens another. */
  refused(kind) {
    if (kind !== 'unknown-session' && kind !== 'internal') return;
    this.hush();
    this.opened = false;
  }

  plan([onset, instrument, pitch, length, velocity]) {
    const channel = instrument === DRUMS ? DRUM_CHANNEL : 0;
    const beat = this.origin + onset / TICKS_PER_BEAT;
    this.schedule.push({ beat, bytes: [STRIKE | channel, pitch, velocity] });
    this.schedule.push({
      beat: beat + length / TICKS_PER_BEAT, bytes: [RELEASE | channel, pitch, 0],
    });
    this.schedule.sort((one, other) => one.beat - other.beat || one.bytes[0] - other.bytes[0]);
  }

  /** Do what is to be done at this beat. Call it again and again. */
  turn(now) {
    if (!this.client.present) {
      if (this.opened) this.hush();
      this.opened = false;
      return;
    }
    if (!this.opened) this.open();
    this.tell();
    const silence = now - this.origin - this.latest / TICKS_PER_BEAT;
    if (this.wishes.on && this.pending && !this.held.size && silence >= SILENCE) this.ask(now);
  }

  open() {
    const { style, instrument, heat } = this.wishes;
    const constraints = { instruments: [instrument] };
    const feel = { temperature: heat };
    const styles = style ? [style] : [];
    this.client.send('open', SESSION, 0, styles, this.bpm, this.metre, constraints, feel);
    this.opened = true;
    this.news = [...this.history];
  }

  /** Say what was played since the last time. */
  tell() {
    if (!this.news.length || !this.opened) return;
    this.client.send('listen', SESSION, this.news);
    this.news = [];
  }

  /** The phrase is over: ask for an answer that begins on a beat. */
  ask(now) {
    const start = Math.ceil(now - this.origin + LEAD) * TICKS_PER_BEAT;
    const until = start + Math.floor(this.wishes.bars * this.bar * TICKS_PER_BEAT);
    this.hush();
    this.pending = false;
    this.answering = true;
    // Said each time: instrument and heat may be turned while a session lasts.
    this.client.send('answer', SESSION, this.generation, start, until, true, false,
      { instruments: [this.wishes.instrument] }, null, 0, { temperature: this.wishes.heat });
  }

  /** What is to sound before this beat; it is off the schedule then. */
  due(beat) {
    const later = this.schedule.findIndex((entry) => entry.beat >= beat);
    const entries = this.schedule.splice(0, later < 0 ? this.schedule.length : later);
    for (const { bytes: [status, pitch] } of entries) {
      const key = (status & 0x0f) << 7 | pitch;
      if (status >= STRIKE) this.sounding.add(key);
      else this.sounding.delete(key);
    }
    return entries;
  }

  /** MIDI messages that end what sounds. */
  releases() {
    const messages = [...this.sounding].map((key) => [RELEASE | key >> 7, key & 127, 0]);
    this.sounding.clear();
    return messages;
  }
}

module.exports = { Partner };
