import { createServer } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import timers from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { aFolder, run } from '../cli-under-test.ts';

/** Ends the pauses between attempts at once, which add up to 15 s. */
function skipPauses() {
  const pauses = vi.spyOn(timers, 'setTimeout').mockResolvedValue(undefined);
  syncBuiltinESMExports();
  onTestFinished(() => {
    pauses.mockRestore();
    syncBuiltinESMExports();
  });
  return pauses;
}

type Received = Readonly<{ body: string; key: string; type: string }>;
type Answer = Readonly<{ status?: number; body: unknown; retryAfter?: string }>;

/** Starts an API that takes lines, which the one of other tests reads as JSON. */
async function aLinesApi(answerTo: (one: Received, number: number) => Answer) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { 'idempotency-key': key, 'content-type': type } = request.headers;
      const one = { body, key: String(key), type: String(type) };
      received.push(one);
      const { status = 202, body: answer, retryAfter } = answerTo(one, received.length);
      const later = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
      response
        .writeHead(status, { 'content-type': 'application/json', ...later })
        .end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { received, env: { TIDINGS_URL: url, TIDINGS_API_KEY: 'a-key' } };
}

const lines = ({ body }: Received): number => body.split('\n').filter((line) => line !== '').length;
const all = (one: Received): Answer => ({ body: { accepted: lines(one), refused: 0, results: [] } });
const command = ['events', 'publish-stream'];

describe('events publish-stream', () => {
  it('sends lines as they are, in parts that end with a line, with a key for each', async () => {
    const { received, env } = await aLinesApi(all);
    const line = `{"type":"a","data":"${'x'.repeat(1_000)}", "n": 1.0}\n`;
    const folder = aFolder({ 'events.jsonl': line.repeat(9_000) });
    const args = [...command, 'events.jsonl', '--idempotency-key', 'once'];
    const result = await run(args, { env, folder });
    expect([result.code, result.out]).toEqual([0, 'accepted  9000\nrefused   0']);
    expect(received.map(({ type }) => type)).toEqual(Array.from({ length: 3 }, () => 'application/x-ndjson'));
    expect(received.map(({ body }) => body).join('')).toBe(line.repeat(9_000));
    for (const { body } of received) expect(body.endsWith('\n') && body.length < 5_000_000).toBe(true);
    await run(args, { env, folder });
    expect(received.slice(3).map(({ key }) => key)).toEqual(received.slice(0, 3).map(({ key }) => key));
    expect(new Set(received.map(({ key }) => key)).size).toBe(3);
  });

  it('names the lines that are refused by their place in the file', async () => {
    const { env } = await aLinesApi((one, number) => {
      if (number === 1) return all(one);
      const problem = { title: 'Refused', detail: 'No.' };
      return { status: 207, body: { accepted: 1, refused: 1, results: [{ line: 2, status: 422, problem }] } };
    });
    const line = `{"type":"a","data":"${'x'.repeat(3_999_999)}"}\n`;
    const { code, out, err } = await run(command, {
      env,
      stdin: Readable.from([Buffer.from(line), Buffer.from('1\n2\n')]),
    });
    expect([code, out]).toEqual([1, 'accepted  2\nrefused   1']);
    expect(err).toContain('line 3: 422 Refused: No.');
  });

  it('repeats a part that was taken in part or not at all, with its key', async () => {
    const stopped = { line: 2, status: 503, problem: { title: 'Away', detail: 'away' } };
    const { received, env } = await aLinesApi((one, number) => {
      if (number === 1) return { status: 503, body: {} };
      return number === 2
        ? { status: 207, body: { accepted: 1, refused: 0, results: [], stopped } }
        : all(one);
    });
    const { code, out } = await run(command, { env, stdin: '1\n2\n' });
    expect([code, out]).toEqual([0, 'accepted  2\nrefused   0']);
    expect(new Set(received.map(({ key }) => key)).size).toBe(1);
    expect(received).toHaveLength(3);
  });

  it('waits for as long as Retry-After says, 30 s at most', async () => {
    const pauses = skipPauses();
    const waits = ['3', '3600', 'soon', '0'];
    const { env } = await aLinesApi((_one, number) => {
      const retryAfter = waits[number - 1];
      return retryAfter === undefined
        ? { body: { accepted: 1, refused: 0, results: [] } }
        : { status: number === 1 ? 429 : 503, body: {}, retryAfter };
    });
    const file = aFolder({ 'events.jsonl': '{"type":"a","data":1}\n' });
    expect((await run(['events', 'publish-stream', `${file}/events.jsonl`], { env })).code).toBe(0);
    expect(pauses.mock.calls.map(([ms]) => ms)).toEqual([3_000, 30_000, 2_000, 4_000]);
  });

  it('ends where a part stays stopped, with the line to go on at, and sends no later part', async () => {
    skipPauses();
    const stopped = { line: 1, status: 503, problem: { title: 'Away', detail: 'away' } };
    const { received, env } = await aLinesApi((one, number) =>
      number === 1 ? all(one) : { status: 207, body: { accepted: 0, refused: 0, results: [], stopped } },
    );
    const line = `{"type":"a","data":"${'x'.repeat(3_999_999)}"}\n`;
    const stdin = Readable.from([Buffer.from(line), Buffer.from(line), Buffer.from('1\n')]);
    const { code, err } = await run([...command, '--idempotency-key', 'k'], { env, stdin });
    expect(code).toBe(3);
    expect(err).toContain('Away: away\n1 were accepted and 0 refused before. From line 2 on nothing was');
    expect(err).toContain('--idempotency-key k');
    expect(received.map((one) => [one.body.length, one.key === received[0]?.key])).toEqual([
      [line.length, true],
      ...Array.from({ length: 6 }, () => [line.length, false]),
    ]);
  });

  it.each([
    [401, '1\n', 1],
    [202, ' \n\n', 2],
  ])('with %i and %j ends with the code %i', async (...[status, stdin, code]) => {
    const { env } = await aLinesApi(() => ({ status, body: { title: 'x', detail: 'y' } }));
    expect((await run(command, { env, stdin })).code).toBe(code);
  });
});
