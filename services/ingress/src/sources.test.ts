import { decodeEventTypeSeen, topics } from '@tidings/contracts';
import { seal } from '@tidings/runtime';
import { eventually } from '@tidings/testing';
import { describe, expect, it } from 'vitest';
import { aSource, demo, github, id, named, ring, sampleOf, send, start } from '../test/source-harness.ts';

describe.each(named)('a source of %s', (_name, sample) => {
  it('accepts a webhook with or without a length, as one event for each of its items, the same for a repeat', async () => {
    const { deliver, logged } = await start(sample);
    const first = await deliver();
    expect([first.status, first.text]).toEqual([200, '']);
    const count = logged().length;
    expect(count).toBeGreaterThan(0);
    expect((await deliver({ isChunked: true })).status).toBe(200);
    const ids = logged().map(({ event }) => event.id);
    expect(ids).toHaveLength(2 * count);
    expect(new Set(ids).size).toBe(count);
    const partitions = logged().map(({ record }) => record.partition);
    expect(partitions.slice(0, count)).toEqual(partitions.slice(count));
  });

  it('refuses another secret with 401 and nothing else to learn from, and writes nothing', async () => {
    const { deliver, logged } = await start(sample);
    const { status, text } = await deliver({}, sample.wrongSecret);
    expect(status).toBe(401);
    expect(JSON.parse(text)).toMatchObject({ detail: 'The webhook is refused.', code: 'unauthorized' });
    expect(logged()).toEqual([]);
  });

  it('refuses a compressed body with 415 and a large one, 25 MB from GitHub, with 413', async () => {
    const { deliver, logged } = await start(sample);
    const packed = await deliver({ headers: { 'content-encoding': 'gzip' } });
    expect([packed.status, JSON.parse(packed.text)]).toMatchObject([
      415,
      { detail: 'The webhook is refused.' },
    ]);
    const large = await deliver({
      body: Buffer.alloc(sample === github ? 25 * 1024 * 1024 : 1_000_001, 0x20),
    });
    expect([large.status, JSON.parse(large.text)]).toMatchObject([
      413,
      { detail: 'The webhook is refused.' },
    ]);
    expect(logged()).toEqual([]);
  });

  it('responds 503 with Retry-After while the log does not acknowledge, within the time of the provider', async () => {
    const { deliver, bus, logged } = await start(sample);
    bus.setReachable(false);
    const { status, headers } = await deliver();
    expect([status, Number(headers['retry-after']) > 0]).toEqual([503, true]);
    expect(logged()).toEqual([]);
    bus.setReachable(true);
    expect((await deliver()).status).toBe(200);
  });
});

describe('an event of a source', () => {
  it('keeps the bytes of the body and the headers without secrets, and is internal', async () => {
    const { deliver, logged } = await start(github);
    await deliver({
      headers: { authorization: 'Bearer of-somebody', cookie: 'a=b', 'user-agent': 'GitHub-Hookshot/1' },
    });
    const [only] = logged();
    expect(only?.event.data.toString()).toBe(github.body);
    expect(only?.event).toMatchObject({
      ...{ audience: 'internal', consumerId: null, workspaceId: 'ws_demo' },
      ...{ eventType: 'github.pull_request.opened', orderingKey: 'github/repository/4711' },
      callerId: github.headers?.['x-github-delivery'],
      received: {
        sourceId: id,
        headers: { 'x-github-event': 'pull_request', 'user-agent': 'GitHub-Hookshot/1' },
      },
    });
    expect(JSON.stringify(only?.record.headers)).not.toMatch(/of-somebody|a=b|Secret to Everybody/);
  });

  it.each([
    ['broadcast', null, { consumerId: null }],
    ['addressed', 'acme', { consumerId: 'acme' }],
  ] as const)('of a source that is %s has that audience', async (audience, consumer, expected) => {
    const { deliver, logged } = await start(github, { audience, consumerId: consumer as never });
    await deliver();
    expect(logged()[0]?.event).toMatchObject(expected);
    expect(logged()[0]?.event).not.toHaveProperty('audience');
  });

  it('has its type catalogued, in a strict workspace too', async () => {
    const { deliver, bus } = await start(github);
    await deliver();
    await eventually(async () =>
      expect(bus.records(topics.seenEventTypes).map(decodeEventTypeSeen)).toEqual([
        {
          type: 'EventTypeSeen.v1',
          workspaceId: 'ws_demo',
          name: 'github.pull_request.opened',
          isReceived: true,
        },
      ]),
    );
  });
});

describe('the route of a source', () => {
  it.each([
    ['disabled', { state: 'disabled', version: 2 }],
    ['deleted', { state: 'deleted', version: 2, secrets: [] }],
    ['of a provider that this release does not have', { provider: 'unheard', version: 2 }],
  ] as const)('is closed with 404 when it is %s', async (_how, change) => {
    const { deliver, write } = await start(github);
    expect((await deliver()).status).toBe(200);
    await write(aSource(github, change));
    await eventually(async () => expect((await deliver()).status).toBe(404));
  });

  it.each(['src_2', `src_${'2'.repeat(32)}`, '..%2f', `${id}x`])('is not at %s', async (other) => {
    const { url } = await start(github);
    const answer = await send(`${url}/v1/sources/${other}`, { body: Buffer.from('{}') });
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([404, { code: 'not-found' }]);
  });

  it('takes no other content type, and any Accept', async () => {
    const { deliver } = await start(github);
    expect((await deliver({ headers: { 'content-type': 'text/plain' } })).status).toBe(415);
    expect((await deliver({ headers: { accept: 'text/html' } })).status).toBe(200);
  });

  it('no longer takes a secret that has expired', async () => {
    const [current, old] = aSource(github).secrets;
    if (current === undefined || old === undefined) throw new Error('two secrets are expected');
    const { deliver } = await start(github, { secrets: [current, { ...old, expiresAtMs: Date.now() - 1 }] });
    expect((await deliver({}, github.oldSecret)).status).toBe(401);
    expect((await deliver()).status).toBe(200);
  });

  it('is not to blame for a secret that does not open: 503, so that the provider repeats', async () => {
    const [current] = aSource(github).secrets;
    if (current === undefined) throw new Error('a secret is expected');
    const elsewhere = seal(ring, github.secret, [demo, 'src_other', 'secrets']);
    const { deliver } = await start(github, { secrets: [{ ...current, sealed: elsewhere }] });
    expect((await deliver()).status).toBe(503);
  });

  it('echoes a signed challenge of Slack and writes nothing', async () => {
    const { deliver, logged } = await start(sampleOf('slack (events)'));
    const body = Buffer.from('{"type":"url_verification","challenge":"3eZbrw1a"}');
    const { status, text } = await deliver({ body });
    expect([status, JSON.parse(text)]).toEqual([200, { challenge: '3eZbrw1a' }]);
    expect(logged()).toEqual([]);
  });

  it('refuses a signed list without items with 422, and writes nothing', async () => {
    const { deliver, logged } = await start(sampleOf('sendgrid (events)'));
    expect((await deliver({ body: Buffer.from('[]') })).status).toBe(422);
    expect(logged()).toEqual([]);
  });

  it('counts why webhooks were refused, for operators only', async () => {
    const { deliver, metric, logger } = await start(github);
    await deliver();
    await deliver({}, github.wrongSecret);
    await deliver({ headers: { 'x-github-event': ['push', 'ping'] } });
    const lines = await metric('tidings_ingress_webhooks_total');
    for (const outcome of ['accepted', 'no-matching-signature', 'repeated-header'])
      expect(lines.find((line) => line.includes(`outcome="${outcome}"`))).toMatch(/provider="github".* 1$/);
    expect(JSON.stringify(logger.lines)).not.toContain(github.secret);
  });
});
