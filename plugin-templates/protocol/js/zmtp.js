'use strict';
/*
 * ZeroMQ's DEALER over a plain socket: ZMTP 3 with the NULL mechanism, to this machine alone.
 *
 * `Wire` is the protocol without the socket: bytes in, frames out. `Dealer` is one connection; it
 * says 'message' (a frame) and, once, 'lost' (a reason), after which it is of no more use.
 */

const { EventEmitter } = require('node:events');
const net = require('node:net');

const LOOPBACK = '127.0.0.1';
/** Bytes of a frame, and bytes that may wait to be sent. */
const LONGEST = 2 ** 20;

const MORE = 1, LONG = 2, COMMAND = 4;
const MECHANISM = Buffer.alloc(20);
MECHANISM.write('NULL');
const GREETING = Buffer.concat([
  Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 0]), MECHANISM, Buffer.alloc(32),
]);
const READY = Buffer.from(
  '\x05READY\x0bSocket-Type\0\0\0\x06DEALER\x08Identity\0\0\0\0', 'latin1',
);

class Lost extends Error {}

function framed(body, flags = 0) {
  if (body.length < 256) return Buffer.concat([Buffer.from([flags, body.length]), body]);
  const head = Buffer.alloc(9, flags | LONG);
  head.writeBigUInt64BE(BigInt(body.length), 1);
  return Buffer.concat([head, body]);
}

/** What one connection hears, without the connection; `say` sends bytes. */
class Wire {
  constructor(say) {
    this.say = say;
    this.ready = false; // whether messages may be sent
    this.inward = Buffer.alloc(0);
    this.greeted = false;
    this.several = false;
    say(GREETING);
  }

  /** Messages of one frame that end in these bytes. `Lost` if they are no ZMTP. */
  feed(data) {
    this.inward = Buffer.concat([this.inward, data]);
    if (!this.greeted && !this.greet()) return [];
    const messages = [];
    for (let frame; (frame = this.nextFrame());) {
      if (frame.flags & COMMAND) this.obey(frame.body);
      else this.take(frame, messages);
    }
    return messages;
  }

  /** Whether the other side's greeting is complete. */
  greet() {
    const theirs = this.inward;
    if (theirs.length < GREETING.length) return false;
    const signed = theirs[0] === 0xff && theirs[9] === 0x7f;
    if (!signed || theirs[10] < 3 || !theirs.subarray(12, 32).equals(MECHANISM)) {
      throw new Lost('whoever listens there does not speak ZMTP 3');
    }
    this.inward = theirs.subarray(GREETING.length);
    this.greeted = true;
    this.say(framed(READY, COMMAND));
    return true;
  }

  /** The frame in front, taken away; undefined if it is not complete. */
  nextFrame() {
    const theirs = this.inward;
    const flags = theirs[0];
    if (flags > (MORE | LONG | COMMAND)) throw new Lost('a frame with unknown flags');
    const head = flags & LONG ? 9 : 2;
    if (theirs.length < head) return undefined;
    const length = flags & LONG ? Number(theirs.readBigUInt64BE(1)) : theirs[1];
    if (length > LONGEST) throw new Lost('a frame of more than 1 MiB');
    if (theirs.length < head + length) return undefined;
    this.inward = theirs.subarray(head + length);
    return { flags, body: theirs.subarray(head, head + length) };
  }

  take({ flags, body }, messages) {
    if (!this.ready) throw new Lost('a message before the handshake is over');
    const more = Boolean(flags & MORE);
    if (!more && !this.several) messages.push(body);
    this.several = more;
  }

  obey(command) {
    const name = command.toString('latin1', 1, 1 + command[0]);
    if (name === 'READY') this.ready = true;
    else if (name === 'PING') {
      this.say(framed(Buffer.concat([Buffer.from('\x04PONG'), command.subarray(7)]), COMMAND));
    } else if (name === 'ERROR') throw new Lost('the other side refuses');
  }
}

/** One connection to a port of this machine. */
class Dealer extends EventEmitter {
  constructor(port) {
    super();
    this.socket = net.connect(port, LOOPBACK);
    this.socket.setNoDelay(true);
    this.wire = new Wire((bytes) => this.write(bytes));
    this.socket.on('data', (data) => this.feed(data));
    this.socket.on('error', (error) => this.lose(error.message));
    this.socket.on('close', () => this.lose('closed by the other side'));
  }

  /** Whether the handshake is over and messages may be sent. */
  get ready() {
    return this.wire.ready;
  }

  /** Send a message soon; false, and nothing sent, if it is not ready or there is no room. */
  send(frame) {
    return this.ready && this.write(framed(frame));
  }

  /** Let go of the connection, with all that is on its way; says nothing any more. */
  close() {
    this.removeAllListeners();
    this.socket.destroy();
  }

  write(bytes) {
    if (this.socket.writableLength + bytes.length > LONGEST) return false;
    this.socket.write(bytes);
    return true;
  }

  feed(data) {
    if (this.socket.destroyed) return;
    try {
      for (const message of this.wire.feed(data)) this.emit('message', message);
      if (this.ready) this.emit('ready');
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
      this.lose(error.message);
    }
  }

  lose(reason) {
    this.emit('lost', reason);
    this.close();
  }
}

module.exports = { Dealer, Wire, Lost };
