import { expect, it } from 'vitest';
import { anAnsweringApi } from '../cli-under-test.ts';

const source = `src_${'1'.repeat(32)}`;
const accepted = {
  ...{ id: 'rcv_2', received_at: '2026-11-22T10:00:01.500Z', outcome: 'accepted', reason: null, count: 1 },
  ...{
    type: 'github.push',
    provider_id: 'a\u001b[2J',
    event_ids: ['evt_1'],
    deliveries: { total: 3, delivered: 2 },
  },
};
const refused = {
  ...{ id: 'rcv_1', received_at: '2026-11-22T10:00:00.000Z', outcome: 'refused', count: 40, event_ids: [] },
  ...{ reason: 'no-matching-signature', type: null, provider_id: null, deliveries: null },
};
const spooled = { ...accepted, id: 'rcv_0', spooled: true };

it('lists what a source received, with the part that was delivered', async () => {
  const api = await anAnsweringApi(() => ({
    body: { data: [accepted, refused, spooled], next_cursor: null },
  }));
  const { out, code } = await api.run(
    'sources',
    'received',
    source,
    '--outcome',
    'refused',
    '--event',
    'evt_1',
  );
  expect(code).toBe(0);
  expect(api.requests[0]?.line).toBe(
    `GET /v1/webhooks/sources/${source}/received?outcome=refused&event_id=evt_1`,
  );
  expect(out).toMatch(/accepted +- +1 .*github\.push +a\ufffd\[2J +evt_1 +2\/3/);
  expect(out).toMatch(/refused +no-matching-signature +40/);
  expect(out).toMatch(/accepted \(spooled\) +-/);
});

it('prints what comes in, oldest first, each once, and over several pages', async () => {
  let polls = 0;
  const api = await anAnsweringApi(({ line }) => {
    polls += 1;
    if (line.includes('cursor=next')) return { body: { data: [refused], next_cursor: null } };
    return {
      body: {
        data: polls > 2 ? [{ ...accepted, id: 'rcv_3' }, accepted] : [accepted],
        next_cursor: polls > 2 ? null : 'next',
      },
    };
  });
  const { out } = await api.run('sources', 'tail', source, '--count', '3');
  expect(out.split('\n').map((line) => line.split('  ')[1]?.trim())).toEqual([
    'refused',
    'accepted',
    'accepted',
  ]);
  expect(out).toContain('no-matching-signature  40 times');
});
