import { request as httpRequest } from 'node:http';
import { eventually } from '@tidings/testing';
import { describe, expect, it } from 'vitest';
import { adminKey, startMemoryIngress } from '../../test/memory-ingress.ts';

const path = '/v1/events/batch';
const type = 'application/x-ndjson';
const event = (n: number, more: object = {}): string =>
  JSON.stringify({ type: 'order.paid', data: { n }, ...more });
const numbers = (logged: () => readonly { event: { data: Buffer } }[]): number[] =>
  logged().map(({ event: { data } }) => (JSON.parse(data.toString()) as { n: number }).n);

describe('a stream of lines', () => {
  it('is accepted in order, with the data byte for byte', async () => {
    const { post, logged } = await startMemoryIngress();
    const lines = Array.from({ length: 1_200 }, (_, n) => event(n, { ordering_key: 'one' }));
    const answer = await post(path, `${lines.join('\n')}\n`, { 'content-type': `${type}; charset=utf-8` });
    expect(answer).toMatchObject({ status: 202, body: { accepted: 1_200, refused: 0, results: [] } });
    expect(numbers(logged)).toEqual(lines.map((_, n) => n));
    await post(path, '{"type":"order.paid","data":{ "n": 9007199254740993 }}', {
      'content-type': 'application/jsonl',
    });
    expect(logged().map(({ event: { data } }) => data.toString())).toContain('{ "n": 9007199254740993 }');
  });

  it('names each line that is not accepted, and takes the others', async () => {
    const { post, logged } = await startMemoryIngress();
    const lines = [
      event(1),
      '{"type":"order.paid"',
      '',
      event(4, { payload: 1 }),
      `{"type":"order.paid","data":"${'x'.repeat(300_000)}"}`,
      event(6, { type: 'tidings.x' }),
      event(7),
    ];
    const { status, body } = await post(path, lines.join('\n'), { 'content-type': type });
    expect(status).toBe(207);
    expect(body).toMatchObject({
      accepted: 2,
      refused: 4,
      results: [
        { line: 2, status: 400, problem: { code: 'invalid-request' } },
        { line: 4, status: 422, problem: { errors: [{ pointer: '/payload' }] } },
        { line: 5, status: 413 },
        { line: 6, status: 422, problem: { errors: [{ pointer: '/type' }] } },
      ],
    });
    expect(body).not.toHaveProperty('stopped');
    expect(numbers(logged).toSorted()).toEqual([1, 7]);
  });

  it('lists 1,000 of them and counts the rest', async () => {
    const { post } = await startMemoryIngress();
    const { body } = await post(path, Array.from({ length: 1_300 }, () => '{}').join('\n'), {
      'content-type': type,
    });
    expect(body).toMatchObject({ accepted: 0, refused: 1_300 });
    expect((body as { results: object[] }).results).toHaveLength(1_000);
  });

  it('has the same events when it is repeated with its key, whatever the lines before one', async () => {
    const { post, logged } = await startMemoryIngress();
    const send = async (text: string) => post(path, text, { 'content-type': type, 'idempotency-key': 'k' });
    await send([event(1), '{', event(3)].join('\n'));
    await send([event(1), event(2), event(3)].join('\n'));
    const idsOf = (n: number) =>
      logged().flatMap(({ event: { id, data } }) => (data.toString() === `{"n":${n}}` ? [id] : []));
    expect([1, 2, 3].map((n) => [idsOf(n).length, new Set(idsOf(n)).size])).toEqual([
      [2, 1],
      [1, 1],
      [2, 1],
    ]);
    expect(new Set([1, 2, 3].flatMap(idsOf)).size).toBe(3);
  });

  it('is accepted while it arrives', async () => {
    const { url, logged } = await startMemoryIngress();
    const request = httpRequest(`${url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': type },
    });
    const answer = new Promise<string>((resolve, reject) => {
      request.on('error', reject).on('response', (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.on('end', () => resolve(text));
      });
    });
    // More than is held of a body before it is read as a stream.
    const filler = 'x'.repeat(200_000);
    const keyed = { ordering_key: 'one' };
    for (let n = 0; n < 40; n += 1) request.write(`${event(n, { ...keyed, data: { n, filler } })}\n`);
    await eventually(() => expect(logged().length).toBeGreaterThan(10));
    expect(logged().length).toBeLessThan(41);
    request.end(event(40, keyed));
    expect(JSON.parse(await answer)).toMatchObject({ accepted: 41, refused: 0 });
    expect(numbers(logged)).toEqual(Array.from({ length: 41 }, (_, n) => n));
  });

  it.each([
    ['no line', ' \n\n', type, 400],
    ['a type that is not known', '{}', 'application/ndjson', 415],
  ])('with %s is refused', async (...[, body, contentType, status]) => {
    const { post } = await startMemoryIngress();
    expect((await post(path, body, { 'content-type': contentType })).status).toBe(status);
  });

  it('leaves the limit of a JSON batch as it was', async () => {
    const { post } = await startMemoryIngress();
    const text = JSON.stringify({ events: [{ type: 'order.paid', data: 'x'.repeat(4 * 1024 * 1024) }] });
    expect((await post(path, text)).status).toBe(413);
  });
});
