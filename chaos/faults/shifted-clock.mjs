import { readFileSync } from 'node:fs';

// Loaded into every Node process of a stack under test (NODE_OPTIONS=--import): the file that is named like the pid has the milliseconds by
// which its wall clock is wrong. No file: not at all. Monotonic time and timers are right, as after a step of a real clock.
const folder = process.env.CHAOS_CLOCK_FOLDER;
const realNow = Date.now.bind(Date);
let stepMs = 0;

if (folder !== undefined) {
  const read = () => {
    try {
      stepMs = Number(readFileSync(`${folder}/${process.pid}`, 'utf8')) || 0;
    } catch {
      stepMs = 0;
    }
  };
  setInterval(read, 200).unref();
  globalThis.Date = class extends Date {
    constructor(...args) {
      if (args.length === 0) super(realNow() + stepMs);
      else super(...args);
    }

    static now() {
      return realNow() + stepMs;
    }
  };
  // Libraries, such as mongoose, recognise dates by the name of their class.
  Object.defineProperty(globalThis.Date, 'name', { value: 'Date' });
}
