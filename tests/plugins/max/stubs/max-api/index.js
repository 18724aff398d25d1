'use strict';
/*
 * Stands in for Max's `max-api`, which refuses to load outside Max. Raises on any call that the real
 * one lacks.
 */

const DOCUMENTED = [
  'addHandler', 'addHandlers', 'removeHandler', 'removeHandlers', 'outlet', 'outletBang', 'post',
  'getDict', 'setDict', 'updateDict', 'MESSAGE_TYPES', 'POST_LEVELS',
];

const handlers = {};
const said = [];
const api = {
  addHandlers: (more) => { Object.assign(handlers, more); },
  outlet: (...values) => {
    for (const value of values) {
      if (!['string', 'number'].includes(typeof value)) throw new TypeError(`outlet of ${value}`);
    }
    said.push(values);
    return Promise.resolve();
  },
};

module.exports = new Proxy(api, {
  get: (target, name) => {
    if (name === 'test') return { handlers, said };
    if (typeof name === 'string' && !DOCUMENTED.includes(name)) throw new TypeError(`max-api has no ${name}`);
    if (!(name in target)) throw new TypeError(`the stand-in has no ${String(name)}`);
    return target[name];
  },
});
