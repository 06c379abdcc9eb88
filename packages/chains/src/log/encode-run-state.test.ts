import { decodeRunLogEntry, eventId, maxRunAttempts, type RunStep, workspaceId } from '@tidings/contracts';
import { maxRecordBytes } from '@tidings/kafka';
import { expect, it } from 'vitest';
import { newRun } from '../domain/new-run.ts';
import { encodeState } from './encode-run-state.ts';

const event = {
  ...{ id: eventId(`evt_${'1'.repeat(32)}`), type: 'order.paid', workspaceId: workspaceId('ws') },
  ...{ consumerId: null, source: '/shop', time: '2026-11-30T12:00:00Z', acceptedAtMs: 1, orderingKey: null },
  ...{ traceparent: null, partition: 0, offset: '1' },
};
const started = newRun({ app: 'shop', handler: 'order.paid', event, epoch: 1, nowMs: 1 });

const stepOf = (name: string, error: string | null, result: unknown = null): RunStep => ({
  ...{ name, kind: 'step', status: error === null ? 'succeeded' : 'failed', attemptCount: 1, generation: 0 },
  ...{ retryAtMs: null, succeededAt: error === null ? 2 : null, result },
  attempts: Array.from({ length: error === null ? 1 : maxRunAttempts }, () => ({
    ...{ attempt: 1, startedAtMs: 1, durationMs: 1, error },
    outcome: error === null ? ('succeeded' as const) : ('failed' as const),
  })),
});

it.each([
  ['errors', Array.from({ length: 20 }, (_, n) => stepOf(`s${n}`, '\u0001'.repeat(1_000)))],
  ['steps', Array.from({ length: 10_000 }, (_, n) => stepOf(`s${n}`, null))],
])('fails a run with more %s than fit into a record', (_what, steps) => {
  const { run, state } = encodeState({ ...started, steps }, '{}');
  expect(run).toMatchObject({ status: 'failed', failure: { reason: 'state-too-large' } });
  expect(Buffer.byteLength(JSON.stringify(state))).toBeLessThan(maxRecordBytes);
});

it('keeps which steps a completed run has done, without data and results', () => {
  const steps = [stepOf('a', null, { card: '4711' })];
  const { state } = encodeState({ ...started, status: 'completed', steps }, '{"card":"4711"}');
  expect(JSON.stringify(state)).not.toContain('4711');
  expect(state.value).toHaveLength(0);
  expect(decodeRunLogEntry(state)).toMatchObject({
    run: { status: 'completed', steps: [{ name: 'a', status: 'succeeded', attemptCount: 1, result: null }] },
  });
});

it('takes a state that fits in every later epoch: its owner writes it again', () => {
  const dataOf = (bytes: number): string => JSON.stringify('x'.repeat(bytes));
  const fitsIn = (epoch: number, bytes: number): boolean =>
    encodeState({ ...started, epoch }, dataOf(bytes)).run.status === 'running';
  let [most, tooMany] = [0, maxRecordBytes];
  while (tooMany - most > 1) {
    const middle = (most + tooMany) >> 1;
    if (fitsIn(1, middle)) most = middle;
    else tooMany = middle;
  }
  expect(fitsIn(1_000_000, most)).toBe(true);
});
