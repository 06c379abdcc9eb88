import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { dataRefOf, largeDataKey } from '@tidings/contracts';
import { silentLogger } from '@tidings/observability';
import { AppError, systemClock } from '@tidings/runtime';
import { expect, it } from 'vitest';
import { aCommand } from '../../test/builders.ts';
import { isLarge, LargeBodies, type LargeCommand } from './large-bodies.ts';

const data = Buffer.from('{"n":1}');
const sha256 = createHash('sha256').update(data).digest('hex');

const aLarge = (): LargeCommand => {
  const command = aCommand(1, { large: { bytes: data.length, sha256, at: 1 } });
  if (isLarge(command)) return command;
  throw new Error('not large');
};

type Storage = ConstructorParameters<typeof LargeBodies>[0]['storage'];

const given = (storage: Partial<Storage>) =>
  new LargeBodies({
    storage: {
      get: async () => null,
      touch: async () => {},
      list: async function* () {},
      ...storage,
    },
    maxHeldBytes: 1_000_000,
    signTimeoutMs: 30,
    touchAgainMs: 1,
    clock: systemClock,
    logger: silentLogger,
  });

it('an attempt whose storage says nothing is not signed, and may be made later', async () => {
  const bodies = given({ get: async () => new Promise(() => {}) });
  const message = { id: 'msg', timestampSeconds: 1, secrets: [], plainSecret: null };
  expect(await bodies.sign(aLarge(), message)).toMatchObject({ kind: 'unavailable', isTransient: true });
});

it('a body that is abandoned while it is opened leaves no stream open', async () => {
  const body = Readable.from([data]);
  let found: (() => void) | undefined;
  let asked: (() => void) | undefined;
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const bodies = given({
    get: async (key) => {
      asked?.();
      await new Promise<void>((resolve) => {
        found = resolve;
      });
      return { object: { key, bytes: data.length, modifiedAtMs: 0 }, body };
    },
  });
  const stream = bodies.body(aLarge()).open();
  stream.resume();
  await isAsked;
  stream.destroy();
  const closed = once(body, 'close');
  found?.();
  await closed;
  expect(body.destroyed).toBe(true);
});

it('a dead letter keeps its data, also after a failure of the storage, before it is done', async () => {
  const command = aLarge();
  const touched: string[] = [];
  let failures = 2;
  const bodies = given({
    touch: async (key) => {
      failures -= 1;
      if (failures >= 0) throw new AppError({ code: 'unavailable', message: 'away' });
      touched.push(key);
    },
  });
  await bodies.onDeadLetter(command);
  expect(touched).toEqual([largeDataKey({ ...command.state, sha256 })]);
});

it.each([
  ['in the body', (ref: string) => ({ body: `{"data":null,"dataref":"${ref}","databytes":7}`, state: {} })],
  [
    'in a header',
    (dataref: string) => ({ body: 'null', state: { cloudEvent: { source: 's', time: 't', dataref } } }),
  ],
])('a dead letter of a reference %s keeps the data', async (_name, referring) => {
  const command = aCommand(1);
  const key = largeDataKey({ ...command.state, sha256 });
  const { body, state } = referring(dataRefOf(command.state.eventId));
  const touched: string[] = [];
  const bodies = given({
    list: async function* (prefix) {
      if (key.startsWith(prefix)) yield { key, bytes: 7, modifiedAtMs: 0 };
    },
    touch: async (one) => void touched.push(one),
  });
  await bodies.onDeadLetter(command);
  expect(touched).toEqual([]);
  await bodies.onDeadLetter({ ...command, body: Buffer.from(body), state: { ...command.state, ...state } });
  expect(touched).toEqual([key]);
});
