'use strict';
/*
 * The beat, between two reports of Live's transport. While it stands still, time runs on by itself.
 */

/** Beats that a report may be off before it counts as a jump. */
const JUMP = 0.25;

class Clock {
  constructor(nowMs) {
    this.beats = 0;
    this.atMs = nowMs;
    this.bpm = 120;
  }

  /** The beat at this moment. */
  at(nowMs) {
    return this.beats + (nowMs - this.atMs) * this.bpm / 60000;
  }

  /** Milliseconds until this beat; 0 if it is over. */
  delayMs(beat, nowMs) {
    return Math.max(0, (beat - this.at(nowMs)) * 60000 / this.bpm);
  }

  /** Live's transport: whether it jumped. */
  report(rolling, beats, bpm, nowMs) {
    const expected = this.at(nowMs);
    const jumped = rolling && Math.abs(beats - expected) > JUMP;
    this.beats = rolling ? beats : expected;
    this.atMs = nowMs;
    this.bpm = bpm;
    return jumped;
  }
}

module.exports = { Clock };
