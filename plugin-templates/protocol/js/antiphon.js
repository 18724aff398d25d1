'use strict';
/*
 * The engine, as a plugin sees it: ask, receive, and notice when it is gone. Looks for an absent
 * engine, says `ping` to a present one, and notices a lost one by its closing socket or its silence.
 */

const { EventEmitter } = require('node:events');
const { performance } = require('node:perf_hooks');
const { pack, unpack, Unreadable } = require('./msgpack.js');
const { Dealer } = require('./zmtp.js');

const VERSION = 1;
const DEFAULT_PORT = 6470;
const TICKS_PER_BEAT = 48;

const RETRY_MS = 50;
/** How long an engine may take from the connection to its welcome. */
const GREETING_MS = 2000;
const HEARTBEAT_MS = 100;
const LOST_MS = 300;

/**
 * One connection to one engine, renewed whenever it breaks.
 *
 *   client.on('present', (welcome) => …)     an engine has greeted us
 *   client.on('message', (message) => …)     what it says, but for greetings and heartbeats
 *   client.on('lost', () => …)               it is gone; the client looks for the next one
 *   client.on('complaint', (sentence) => …)  the client has given up
 *   client.send('cancel', session)           thrown away while the engine is gone
 */
class Client extends EventEmitter {
  constructor(port = DEFAULT_PORT, name = '') {
    super();
    this.port = port;
    this.name = name;
    this.present = false;
    this.dealer = null;
    this.greeted = false;
    this.pings = 0;
    this.pingedAt = this.answeredAt = this.connectedAt = 0;
    this.connect();
    // After the sockets have been read: a program that slept itself must not blame the engine.
    this.heart = setInterval(() => setImmediate(() => this.beat()), HEARTBEAT_MS);
  }

  /** Send a message if the engine is there; false, and nothing sent, if there is no room. */
  send(name, ...fields) {
    return this.present ? this.dealer.send(pack([name, ...fields])) : true;
  }

  /** Let go of the engine for good; it ends our sessions when it misses our pings. */
  close() {
    clearInterval(this.heart);
    clearTimeout(this.retry);
    this.dealer?.close();
    this.dealer = null;
    this.present = false;
    this.closed = true;
  }

  connect() {
    this.greeted = false;
    this.connectedAt = this.answeredAt = performance.now();
    this.dealer = new Dealer(this.port);
    this.dealer.on('ready', () => this.greet());
    this.dealer.on('message', (frame) => this.hear(frame));
    this.dealer.on('lost', () => this.renew());
  }

  renew() {
    const wasPresent = this.present;
    this.dealer.close();
    this.dealer = null;
    this.present = false;
    this.retry = setTimeout(() => this.connect(), RETRY_MS);
    if (wasPresent) this.emit('lost');
  }

  greet() {
    if (this.greeted || !this.dealer) return;
    this.greeted = this.dealer.send(pack(['hello', VERSION, this.name]));
  }

  beat() {
    if (!this.dealer) return;
    if (this.silent()) {
      this.renew();
    } else if (this.present) {
      this.pingedAt = performance.now();
      this.pings += 1;
      this.send('ping', this.pings);
    }
  }

  silent() {
    const now = performance.now();
    if (!this.present) return now - this.connectedAt > GREETING_MS;
    return this.pingedAt > this.answeredAt && now - this.answeredAt > LOST_MS;
  }

  hear(frame) {
    const message = messageOf(frame);
    if (!message || this.closed) return;
    this.answeredAt = performance.now();
    if (message[0] === 'welcome') this.welcome(message);
    else if (message[0] !== 'pong') this.emit('message', message);
  }

  welcome(message) {
    const version = message[1];
    if (version === VERSION) {
      this.present = true;
      this.emit('present', message);
      return;
    }
    this.close();
    this.emit(
      'complaint',
      `The engine speaks version ${version} of the protocol and this client version ${VERSION}: `
        + 'update the older of the two.',
    );
  }
}

/** What a frame says; undefined if it is no message. */
function messageOf(frame) {
  try {
    const value = unpack(frame);
    return Array.isArray(value) && typeof value[0] === 'string' ? value : undefined;
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}

module.exports = { Client, VERSION, DEFAULT_PORT, TICKS_PER_BEAT };
