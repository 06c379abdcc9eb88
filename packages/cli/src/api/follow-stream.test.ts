import { describe, expect, it } from 'vitest';
import { anAnsweringApi } from '../cli-under-test.ts';

const frame = (kind: string, id: number | null, data: object = {}): string =>
  `event: ${kind}\n${id === null ? '' : `id: id_${id}\n`}data: ${JSON.stringify({ kind, ...data })}\n\n`;
const state = (n: number) =>
  frame('state', n, {
    event_id: `evt_${n}`,
    event_type: 'order.paid',
    at: '2026-11-22T10:00:00.120Z',
    status: 'delivered',
  });
const headers = { 'content-type': 'text/event-stream' };

/** Starts an API that answers each request for the stream with the next of these texts, and then closes it. */
const aStream = async (...texts: readonly string[]) => {
  let next = 0;
  return anAnsweringApi(() => {
    next += 1;
    return { body: texts[next - 1] ?? '', headers };
  });
};

describe('tidings tail', () => {
  it('prints a line for each message, and nothing for ready and heartbeats', async () => {
    const api = await aStream(frame('ready', 0) + state(1) + frame('heartbeat', 2) + state(3));
    const { code, out } = await api.run(
      'tail',
      '--types',
      'order.*',
      '--subscription',
      'sub_1',
      '--count',
      '2',
    );
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      '10:00:00.120  state    order.paid  evt_1  -  delivered',
      '10:00:00.120  state    order.paid  evt_3  -  delivered',
    ]);
    expect(api.requests[0]?.line).toBe('GET /v1/webhooks/stream?types=order.*&subscription_id=sub_1');
  });

  it('connects again after the last message, a heartbeat too, and prints each message once', async () => {
    // The second connection breaks within a message.
    const whole = state(3);
    const api = await aStream(
      frame('ready', 0) + state(1),
      frame('heartbeat', 2) + whole.slice(0, 30),
      frame('ready', 2) + whole + frame('closing', null, { detail: 'The server is stopping.' }),
      state(4),
    );
    const { out, err } = await api.run('tail', '--json', '--count', '3', '--after', 'id_0');
    const printed = out.split('\n').map((line) => JSON.parse(line) as { id: string; event_id: string });
    expect(printed.map(({ id, event_id }) => [id, event_id])).toEqual([
      ['id_1', 'evt_1'],
      ['id_3', 'evt_3'],
      ['id_4', 'evt_4'],
    ]);
    const resumedAt = api.requests.map((one) => one.headers['last-event-id']);
    expect(resumedAt).toEqual(['id_0', 'id_1', 'id_2', 'id_3']);
    expect(err).toContain('The server is stopping.');
  });

  it('tells of a gap', async () => {
    const api = await aStream(frame('ready', 1) + frame('gap', 2, { reason: 'Too old.' }) + state(3));
    const { out, err } = await api.run('tail', '--count', '1');
    expect(err).toContain('gap: Too old.');
    expect(out).toContain('evt_3');
  });

  it('ends with a refusal, and connects again when the API is busy', async () => {
    const refusing = await anAnsweringApi(() => ({
      status: 403,
      body: { title: 'Not allowed', detail: 'No scope.' },
    }));
    expect(await refusing.run('tail')).toMatchObject({ code: 1, err: '403 Not allowed: No scope.' });
    let asked = 0;
    const busy = await anAnsweringApi(() => {
      asked += 1;
      if (asked === 1) return { status: 503, body: { title: 'Busy', detail: 'Wait.' } };
      return { body: state(1), headers };
    });
    expect((await busy.run('tail', '--count', '1')).code).toBe(0);
  });
});
