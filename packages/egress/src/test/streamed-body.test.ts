import { type AddressInfo, createServer } from 'node:net';
import { Readable } from 'node:stream';
import { startReceiver } from '@tidings/testing';
import { expect, onTestFinished, test } from 'vitest';
import { sendWithRepeat } from '../send-with-repeat.ts';
import { aRequest, briefly, openEgress, settled } from './egress-under-test.ts';

const chunks = Array.from({ length: 40 }, (_, i) => Buffer.alloc(64 * 1024, i));
const whole = Buffer.concat(chunks);

const streamed = (source: () => Readable = () => Readable.from(chunks, { objectMode: false })) => {
  const opened: Readable[] = [];
  const open = () => {
    const stream = source();
    opened.push(stream);
    return stream;
  };
  return { body: { bytes: whole.length, open }, opened };
};

async function* stalled(): AsyncGenerator<Buffer> {
  yield Buffer.alloc(10);
  await new Promise(() => {});
}

async function* repeated(): AsyncGenerator<Buffer> {
  for (;;) yield Buffer.alloc(64 * 1024);
}

test('a streamed body is sent byte for byte with its length, and its socket is used again', async () => {
  const receiver = await startReceiver({ cleanUp: onTestFinished });
  const egress = openEgress();
  for (const at of [0, 1]) {
    const { body, opened } = streamed();
    expect(briefly(await egress.send(aRequest(receiver.url, { body })))).toBe('response 204');
    expect(receiver.requests[at]?.body.equals(whole)).toBe(true);
    expect(receiver.requests[at]?.headers['content-length']).toBe(String(whole.length));
    expect(receiver.requests[at]?.headers['transfer-encoding']).toBeUndefined();
    expect(opened.map(({ destroyed }) => destroyed)).toEqual([true]);
  }
  expect(egress.stats().sockets).toBe(1);
});

test('a body that cannot be read ends the request as aborted, not as a fault of the endpoint', async () => {
  const receiver = await startReceiver({ cleanUp: onTestFinished });
  const egress = openEgress();
  const { body } = streamed(() =>
    Readable.from(
      (async function* () {
        yield chunks[0];
        throw new Error('the disk is gone');
      })(),
      { objectMode: false },
    ),
  );
  const outcome = await egress.send(aRequest(receiver.url, { body }));
  expect(outcome).toMatchObject({ kind: 'aborted', detail: 'the body cannot be read: the disk is gone' });
  expect(receiver.requests).toEqual([]);
  await settled(egress);
});

test('an endpoint that answers before it has the body gets no more of it', async () => {
  const receiver = await startReceiver({ cleanUp: onTestFinished, answer: 'reset' });
  const egress = openEgress();
  const { body, opened } = streamed();
  expect(briefly(await egress.send(aRequest(receiver.url, { body })))).toBe('reset');
  expect(opened.every(({ destroyed }) => destroyed)).toBe(true);
});

test.each([
  ['before the first byte', () => new Readable({ read() {} })],
  ['within', () => Readable.from(stalled(), { objectMode: false })],
])(
  'a deadline while the source of the body is awaited, %s, is no timeout of the endpoint',
  async (_name, source) => {
    const receiver = await startReceiver({ cleanUp: onTestFinished, answer: 'hang' });
    const egress = openEgress();
    const { body, opened } = streamed(source);
    const outcome = await egress.send(aRequest(receiver.url, { body, timeoutMs: 100 }));
    expect(outcome).toMatchObject({ kind: 'aborted', detail: 'the body was not there within 100 ms' });
    expect(opened.map(({ destroyed }) => destroyed)).toEqual([true]);
  },
);

test('a deadline is a timeout of an endpoint that has the body, or does not take it', async () => {
  const receiver = await startReceiver({ cleanUp: onTestFinished, answer: 'hang' });
  const egress = openEgress();
  const { body, opened } = streamed();
  expect(briefly(await egress.send(aRequest(receiver.url, { body, timeoutMs: 500 })))).toBe('timeout');
  expect(opened.map(({ destroyed }) => destroyed)).toEqual([true]);
  const server = createServer((socket) => socket.pause().on('error', () => {}));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const endless = streamed(() => Readable.from(repeated(), { objectMode: false }));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const request = aRequest(url, { body: { ...endless.body, bytes: 1_000_000_000 }, timeoutMs: 500 });
  expect(briefly(await egress.send(request))).toBe('timeout');
});

test('is not opened for an address that may not be reached, and again for a repeat', async () => {
  const { body, opened } = streamed();
  const egress = openEgress();
  expect(briefly(await egress.send(aRequest('http://10.0.0.1/', { body })))).not.toBe('response 204');
  expect(opened).toEqual([]);
  const receiver = await startReceiver({ cleanUp: onTestFinished });
  let isFirst = true;
  const lostOnce: Parameters<typeof sendWithRepeat>[0] = {
    send: async (request) => {
      const outcome = await egress.send(request);
      if (!isFirst || outcome.kind !== 'response') return outcome;
      isFirst = false;
      return { kind: 'aborted', detail: '', beforeAnyByte: true, timings: outcome.timings };
    },
  };
  expect(briefly(await sendWithRepeat(lostOnce, aRequest(receiver.url, { body })))).toBe('response 204');
  expect(receiver.requests.map((one) => one.body.equals(whole))).toEqual([true, true]);
});
