import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Preloaded into the services by `bench:idle -- --causes` (`node --import`): counts requests to Kafka by client and API,
 * commands to MongoDB, and expired timers by the code that set them. SIGUSR2 writes the counts since the start to `<pid>.json` in the folder
 * of {@link countsFolderVariable}, so that counting itself needs no timer.
 */
const countsFolderVariable = 'TIDINGS_BENCH_COUNTS';
const folder = process.env[countsFolderVariable] ?? '';
const repository = fileURLToPath(new URL('../../', import.meta.url));

const counts: Record<string, number> = {};
const count = (what: string): void => {
  counts[what] = (counts[what] ?? 0) + 1;
};

type Fetched = Readonly<{ responses?: readonly { partitions: readonly { messages: unknown[] }[] }[] }>;
type Sending = Readonly<{ request: Readonly<{ apiName: string }> }>;
type ConnectionPrototype = { send: (sending: Sending) => Promise<unknown> };

const isEmpty = ({ responses = [] }: Fetched): boolean =>
  responses.every(({ partitions }) => partitions.every(({ messages }) => messages.length === 0));

const requireFromKafka = createRequire(join(repository, 'packages', 'kafka', 'package.json'));

const countRequests = (): void => {
  const { prototype } = requireFromKafka('kafkajs/src/network/connection.js') as {
    prototype: ConnectionPrototype;
  };
  const { send } = prototype;
  prototype.send = async function (this: { clientId: string }, sending) {
    const { apiName } = sending.request;
    const data = await send.call(this as never, sending);
    const kind = apiName === 'Fetch' && isEmpty(data as Fetched) ? 'Fetch, empty' : apiName;
    count(`request ${this.clientId} ${kind}`);
    return data;
  };
};

type Pushed = Readonly<{ entry: Readonly<{ apiName: string }> }>;
type QueuePrototype = { push: (request: Pushed) => void };

/** Produce requests do not pass a connection's `send`: packages/kafka writes them itself. */
const countProduced = (): void => {
  const { prototype } = requireFromKafka('kafkajs/src/network/requestQueue/index.js') as {
    prototype: QueuePrototype;
  };
  const { push } = prototype;
  prototype.push = function (this: { clientId: string }, request) {
    if (request.entry.apiName === 'Produce') count(`request ${this.clientId} Produce`);
    push.call(this as never, request);
  };
};

type CommandPrototype = {
  command: (
    namespace: Readonly<{ collection?: string }>,
    command: Readonly<Record<string, unknown>>,
  ) => unknown;
};

const countCommands = (): void => {
  const requireFromMongo = createRequire(
    createRequire(join(repository, 'packages', 'mongodb', 'package.json')).resolve('mongoose'),
  );
  const { Connection } = requireFromMongo('mongodb/lib/cmap/connection.js') as {
    Connection: { prototype: CommandPrototype };
  };
  const { command: send } = Connection.prototype;
  Connection.prototype.command = function (this: unknown, ...args) {
    const [, command] = args;
    const [name = ''] = Object.keys(command);
    count(`command ${name} ${typeof command[name] === 'string' ? command[name] : ''}`.trimEnd());
    return send.apply(this as never, args);
  };
};

/** These files set timers for others. */
const passOn = ['count-causes.js', 'clock.js', 'periodic-task.js', 'sleep.js'];

const callerOf = (stack: string): string => {
  const frames = [...stack.matchAll(/(?:file:\/\/|\()(\/[^)]*?:\d+):\d+\)?$/gm)].map(
    (frame) => frame[1] ?? '',
  );
  const caller = frames.find((frame) => !passOn.some((file) => frame.includes(sep + file))) ?? 'node';
  return caller.replace(repository, '').replace(/^.*node_modules\//, '');
};

const countTimers = (): void => {
  // The driver of MongoDB calls the functions of this module.
  const timers = createRequire(import.meta.url)('node:timers') as Record<string, unknown>;
  for (const name of ['setTimeout', 'setInterval'] as const) {
    const original = globalThis[name] as (...args: unknown[]) => unknown;
    const counting = (run: (...args: unknown[]) => void, delayMs: unknown, ...args: unknown[]): unknown => {
      const cause = `timer ${callerOf(new Error().stack ?? '')} (${String(delayMs)} ms)`;
      const counted = (...given: unknown[]): void => {
        count(cause);
        run(...given);
      };
      return original(counted, delayMs, ...args);
    };
    globalThis[name] = Object.assign(counting, original) as never;
    timers[name] = globalThis[name];
  }
};

const write = (): void => {
  const file = join(folder, `${process.pid}.json`);
  writeFileSync(`${file}.new`, JSON.stringify(counts));
  renameSync(`${file}.new`, file);
};

// Only processes of services have this variable: npm start and the compiler inherit this file too.
if (folder !== '' && process.env['SERVICES'] !== undefined) {
  mkdirSync(folder, { recursive: true });
  countRequests();
  countProduced();
  countCommands();
  countTimers();
  process.on('SIGUSR2', write);
  write();
}
