'use strict';
/*
 * MessagePack, as much of it as the protocol uses: nil, booleans, numbers, text, arrays, maps.
 *
 *   pack(['ping', 1])     <92 a4 'ping' 01>
 *   unpack(frame)         ['ping', 1]
 *
 * JavaScript cannot tell 1.0 from 1: whole numbers are sent as integers in the fewest bytes, others
 * as eight bytes, and the engine takes an integer where it wants a number. What cannot be read is
 * `Unreadable`, and never costs more memory than the bytes it came in.
 */

/** Arrays and maps inside one another. */
const DEEPEST = 16;

const NIL = 0xc0, FALSE = 0xc2, TRUE = 0xc3, DOUBLE = 0xcb;
/** For each kind: first byte of its forms of 1, 2, 4 (and 8) bytes; 0 where there is none. */
const UNSIGNED = [0xcc, 0xcd, 0xce, 0xcf];
const SIGNED = [0xd0, 0xd1, 0xd2, 0xd3];
const TEXT = [0xd9, 0xda, 0xdb];
const ARRAY = [0, 0xdc, 0xdd];
const MAP = [0, 0xde, 0xdf];

class Unreadable extends Error {}

/** A value as bytes; TypeError if it is of a kind that the protocol does not use. */
function pack(value) {
  if (value === null || value === undefined) return Buffer.from([NIL]);
  if (typeof value === 'boolean') return Buffer.from([value ? TRUE : FALSE]);
  if (typeof value === 'number') return Number.isInteger(value) ? integer(value) : double(value);
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) return list(value.length, 0x90, ARRAY, value);
  if (typeof value === 'object') {
    return list(Object.keys(value).length, 0x80, MAP, Object.entries(value).flat());
  }
  throw new TypeError(`${typeof value} cannot be sent`);
}

function double(value) {
  const bytes = Buffer.alloc(9, DOUBLE);
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

function integer(value) {
  if (value >= -32 && value < 128) return Buffer.from([value & 0xff]);
  const bits = value < 0 ? 2 * (-value - 1) + 1 : value;
  const size = bits < 2 ** 8 ? 0 : bits < 2 ** 16 ? 1 : bits < 2 ** 32 ? 2 : 3;
  const bytes = Buffer.alloc(1 + 2 ** size);
  bytes[0] = (value < 0 ? SIGNED : UNSIGNED)[size];
  if (size === 3) bytes.writeBigInt64BE(BigInt(value), 1);
  else if (value < 0) bytes.writeIntBE(value, 1, 2 ** size);
  else bytes.writeUIntBE(value, 1, 2 ** size);
  return bytes;
}

function text(value) {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([head(bytes.length, 0xa0, 32, TEXT), bytes]);
}

function list(length, short, forms, entries) {
  return Buffer.concat([head(length, short, 16, forms), ...entries.map(pack)]);
}

/** What stands before text, an array or a map: its kind and its length. */
function head(length, short, below, forms) {
  if (length < below) return Buffer.from([short | length]);
  const size = forms.findIndex((code, i) => code && length < 2 ** (8 * 2 ** i));
  const bytes = Buffer.alloc(1 + 2 ** size, forms[size]);
  bytes.writeUIntBE(length, 1, 2 ** size);
  return bytes;
}

/** The one value that these bytes hold; `Unreadable` if they hold another number of them. */
function unpack(data) {
  const reader = new Reader(data);
  const value = reader.value(DEEPEST);
  if (reader.at !== data.length) throw new Unreadable('there is more than one value');
  return value;
}

class Reader {
  constructor(data) {
    this.data = data;
    this.at = 0;
  }

  /** The value that begins here; `deeper` levels may be inside it. */
  value(deeper) {
    const code = this.unsigned(1);
    if (code < 0x80) return code;
    if (code >= 0xe0) return code - 0x100;
    if (code < 0x90) return this.map(code & 15, deeper);
    if (code < 0xa0) return this.array(code & 15, deeper);
    if (code < 0xc0) return this.text(code & 31);
    return this.long(code, deeper);
  }

  long(code, deeper) {
    if (code === NIL) return null;
    if (code === FALSE || code === TRUE) return code === TRUE;
    if (code === 0xca) return this.take(4).readFloatBE();
    if (code === DOUBLE) return this.take(8).readDoubleBE();
    if (UNSIGNED.includes(code)) return this.unsigned(2 ** UNSIGNED.indexOf(code));
    if (SIGNED.includes(code)) return this.signed(2 ** SIGNED.indexOf(code));
    if (TEXT.includes(code)) return this.text(this.unsigned(2 ** TEXT.indexOf(code)));
    if (ARRAY.includes(code)) return this.array(this.unsigned(2 ** ARRAY.indexOf(code)), deeper);
    if (MAP.includes(code)) return this.map(this.unsigned(2 ** MAP.indexOf(code)), deeper);
    throw new Unreadable(`0x${code.toString(16)} begins nothing that the protocol uses`);
  }

  unsigned(size) {
    const bytes = this.take(size);
    return size === 8 ? Number(bytes.readBigUInt64BE()) : bytes.readUIntBE(0, size);
  }

  signed(size) {
    const bytes = this.take(size);
    return size === 8 ? Number(bytes.readBigInt64BE()) : bytes.readIntBE(0, size);
  }

  text(length) {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.take(length));
    } catch (error) {
      throw new Unreadable(error.message);
    }
  }

  array(length, deeper) {
    this.enter(length, deeper);
    return Array.from({ length }, () => this.value(deeper - 1));
  }

  map(length, deeper) {
    this.enter(2 * length, deeper);
    const map = Object.create(null); // has no inherited names that a key could overwrite
    for (let i = 0; i < length; i++) {
      const key = this.value(0);
      if (typeof key !== 'string') throw new Unreadable('a key of a map is no text');
      map[key] = this.value(deeper - 1);
    }
    return map;
  }

  /** Entries take a byte each at least, so nothing is made that the frame does not hold. */
  enter(entries, deeper) {
    if (this.at + entries > this.data.length) throw new Unreadable('it announces more than there is');
    if (deeper === 0) throw new Unreadable(`nested more than ${DEEPEST} deep`);
  }

  take(count) {
    if (this.at + count > this.data.length) throw new Unreadable('it ends too early');
    const bytes = this.data.subarray(this.at, this.at + count);
    this.at += count;
    return bytes;
  }
}

module.exports = { pack, unpack, Unreadable };
