import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { aFolder, anAnsweringApi, type ReceivedRequest } from '../cli-under-test.ts';

const accepted = { status: 202, id: 'evt_1', type: 'a', accepted_at: '2026-11-22T10:00:00.000Z' };
const refusal = (status: number) => ({
  status,
  problem: { type: '/problems/x', title: 'Refused', status, detail: `No: ${status}.`, code: 'x' },
});

/** Starts an API that accepts all events except those whose type is a status. */
const aBatchApi = async () =>
  anAnsweringApi(({ body }) => {
    const { events } = body as { events: readonly { type: string }[] };
    const results = events.map(({ type }) => (/^\d+$/.test(type) ? refusal(Number(type)) : accepted));
    return { status: 207, body: { results } };
  });

const typesOf = (requests: readonly ReceivedRequest[]): string[][] =>
  requests.map(({ body }) => (body as { events: { type: string }[] }).events.map(({ type }) => type));

const batch = ['events', 'publish-batch'];

describe('events publish-batch', () => {
  it('sends JSON lines from standard input byte for byte, without blank lines', async () => {
    const { requests, runWith } = await aBatchApi();
    const lines = [
      '\ufeff{"type":"a","data":{"n": 9007199254740993},"ordering_key":"k","consumer_id":"acme"}\r',
      '',
      '  {"data":"\u2028","type":"b","id":"mine","time":"2026-11-22T10:00:00Z","source":"shop"}',
    ];
    const { code, out } = await runWith({ stdin: lines.join('\n') }, ...batch);
    expect([code, out]).toEqual([0, 'accepted  2\nrefused   0']);
    expect(requests.map(({ line }) => line)).toEqual(['POST /v1/events/batch']);
    expect(requests[0]?.raw).toBe(
      '{"events":[{"type":"a","consumer_id":"acme","ordering_key":"k","data":{"n": 9007199254740993}},' +
        '{"type":"b","id":"mine","source":"shop","time":"2026-11-22T10:00:00Z","data":"\u2028"}]}',
    );
  });

  it('reads a JSON array from a file', async () => {
    const { requests, runWith } = await aBatchApi();
    const folder = aFolder({
      'events.json': ' \n[{"type":"a","data":[1,{"b":"]"}]},\n {"type":"b","data":2}]\n',
    });
    expect((await runWith({ folder }, ...batch, 'events.json')).code).toBe(0);
    expect(typesOf(requests)).toEqual([['a', 'b']]);
  });

  it('reports each refused line with the reason and sends the others: exit code 1', async () => {
    const { requests, runWith } = await aBatchApi();
    const lines = [
      '{"type":"a","data":1}',
      '{"type":"a","data":1}{"type":"forged","data":2}',
      '{"type":"422","data":1}',
      '{"type":"a","payload":1}',
      '[1]',
      '{"type":5,"data":1}',
      '{"type":"a","data":1,"data":2}',
      '{"type":"b","data":1}',
    ];
    const { code, out, err } = await runWith({ stdin: `${lines.join('\n')}\n` }, ...batch);
    expect([code, out]).toEqual([1, 'accepted  2\nrefused   6']);
    expect(typesOf(requests)).toEqual([['a', '422', 'b']]);
    expect(err.split('\n')).toEqual([
      expect.stringMatching(/^line 2: Unexpected non-whitespace character after JSON/),
      "line 4: unknown field 'payload': the fields are data, type, id, source, time, consumer_id, ordering_key",
      'line 5: must be an object',
      'line 6: type of the event must be text, got 5',
      "line 7: 'data' occurs more than once",
      'line 3: 422 Refused: No: 422.',
      '6 of 8 were not accepted.',
    ]);
  });

  it('sends batches of up to 1,000 and reports progress; a repeat with its key sends the same batches', async () => {
    const { requests, runWith } = await aBatchApi();
    const line = (n: number): Buffer => Buffer.from(`{"type":"t${n}","data":${n}}\n`);
    const stdin = (): Readable => Readable.from(Array.from({ length: 2_300 }, (_, n) => line(n)));
    const args = [...batch, '-', '--idempotency-key', 'once'];
    const first = await runWith({ stdin: stdin() }, ...args);
    expect(first).toMatchObject({ code: 0, out: 'accepted  2300\nrefused   0' });
    expect(first.err.split('\n')).toEqual([
      '1000 accepted, 0 refused …',
      '2000 accepted, 0 refused …',
      '2300 accepted, 0 refused …',
    ]);
    await runWith({ stdin: stdin() }, ...args);
    expect(typesOf(requests).map(({ length }) => length)).toEqual([1_000, 1_000, 300, 1_000, 1_000, 300]);
    const keys = requests.map(({ headers }) => headers['idempotency-key']);
    expect(keys.slice(3)).toEqual(keys.slice(0, 3));
    expect(new Set(keys).size).toBe(3);
  });

  it('derives other keys for other events: a corrected line is not taken for a repeat', async () => {
    const { requests, runWith } = await aBatchApi();
    const run = async (stdin: string) => runWith({ stdin }, ...batch, '--idempotency-key', 'once');
    await run('{"type":"a","data":1}\n{\n{"type":"c","data":3}');
    await run('{"type":"a","data":1}\n{"type":"b","data":2}\n{"type":"c","data":3}');
    expect(new Set(requests.map(({ headers }) => headers['idempotency-key'])).size).toBe(2);
  });

  it('keeps a batch below the size limit of the API', async () => {
    const { requests, runWith } = await aBatchApi();
    const large = 'x'.repeat(900_000);
    const lines = Array.from({ length: 5 }, (_, n) => `{"type":"t${n}","data":"${large}"}`).join('\n');
    expect((await runWith({ stdin: lines }, ...batch)).code).toBe(0);
    expect(typesOf(requests).map(({ length }) => length)).toEqual([3, 2]);
  });

  it.each([
    [422, 1, '1000 were accepted before.'],
    [
      503,
      3,
      '1000 were accepted before. line 1001 to line 1500 may have been: repeat the command with --idempotency-key once, which creates no duplicates.',
    ],
  ])('reports how many events were accepted when a batch gets %i', async (status, exitCode, advice) => {
    const { problem } = refusal(status);
    const { requests, runWith } = await anAnsweringApi(({ body }) => {
      const { events } = body as { events: unknown[] };
      if (events.length === 1_000) return { body: { results: events.map(() => accepted) } };
      return { status, body: problem, headers: { 'retry-after': '3600' } };
    });
    const lines = Array.from({ length: 1_500 }, (_, n) => `{"type":"t","data":${n}}`).join('\n');
    const { code, err } = await runWith({ stdin: lines }, ...batch, '--idempotency-key', 'once');
    expect([code, err.split('\n').slice(1)]).toEqual([
      exitCode,
      [`${status} Refused: No: ${status}.`, advice],
    ]);
    expect(requests).toHaveLength(2);
  });

  it.each<[string, string | Buffer]>([
    ['an empty file', ''],
    ['a blank file', ' \n\n'],
    ['an invalid JSON array', '[{"type":"a"'],
    ['UTF-16', Buffer.from('\ufeff{"type":"a","data":1}\n', 'utf16le')],
  ])('refuses %s: exit code 2, sends nothing', async (_name, stdin) => {
    const { requests, runWith } = await aBatchApi();
    expect((await runWith({ stdin }, ...batch)).code).toBe(2);
    expect(requests).toEqual([]);
  });

  it('refuses a file that does not exist', async () => {
    const { requests, runWith } = await aBatchApi();
    const { code, err } = await runWith({}, ...batch, '/does/not/exist');
    expect([code, requests]).toEqual([2, []]);
    expect(err).toContain("The file '/does/not/exist' cannot be read: ENOENT");
  });
});
