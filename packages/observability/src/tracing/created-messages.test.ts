import { AppError } from '@tidings/runtime';
import { describe, expect, it, onTestFinished } from 'vitest';
import { newTraceparent, traceFields } from '../index.ts';
import { recordSpans } from '../testing.ts';
import { CreatedMessages } from './created-messages.ts';

const unsampled = (): string => newTraceparent().replace(/1$/, '0');
const topic = 'tidings.x';

describe('the spans of messages of older traces', () => {
  it('are one in the trace of each, and one for all in that of the work, linked with each other', async () => {
    const spans = recordSpans(onTestFinished);
    const [parent, first, second] = [newTraceparent(), newTraceparent(), unsampled()];
    const messages = new CreatedMessages({ topic, parent, attributes: { job: 'j' } });
    const carried = await messages.during(async () => [
      messages.add({ parent: first, messageId: 'm1' }),
      messages.add({ parent: second, messageId: 'm2' }),
      messages.add({ parent: null, messageId: 'm3' }),
    ]);
    expect(carried.slice(1)).toEqual([second, null]);
    const [created, sent, ...more] = spans;
    expect(more).toEqual([]);
    expect(created).toMatchObject({
      ...{ name: 'create tidings.x', kind: 'producer', parent: first, traceparent: carried[0] },
      ...{ links: [sent?.traceparent], attributes: { 'messaging.message.id': 'm1' } },
    });
    expect(sent).toMatchObject({
      ...{ name: 'send tidings.x', kind: 'client', parent, links: [carried[0]] },
      attributes: { 'messaging.batch.message_count': 3, job: 'j' },
    });
    expect(traceFields(sent?.traceparent).trace_id).toBe(traceFields(parent).trace_id);
  });

  it('are recorded for every message, if the work is to show each', () => {
    const spans = recordSpans(onTestFinished);
    const older = unsampled();
    const messages = new CreatedMessages({ topic, parent: newTraceparent(), records: 'all' });
    const carried = messages.add({ parent: older, messageId: 'm1' });
    messages.end();
    expect(carried?.slice(0, 36)).toBe(older.slice(0, 36));
    expect(carried).toMatch(/01$/);
    expect(spans.map(({ traceparent }) => traceparent)).toContain(carried);
    // Not of work that is not recorded itself.
    const silent = new CreatedMessages({ topic, parent: unsampled(), records: 'all' });
    expect(silent.add({ parent: older, messageId: 'm2' })).toBe(older);
  });

  it('name the failure, are none without messages, and link as many as a span keeps', async () => {
    const spans = recordSpans(onTestFinished);
    const parent = newTraceparent();
    await new CreatedMessages({ topic, parent }).during(async () => {});
    expect(spans).toEqual([]);
    const messages = new CreatedMessages({ topic, parent });
    const work = messages.during(async () => {
      for (let n = 0; n < 200; n += 1) messages.add({ parent: newTraceparent(), messageId: String(n) });
      throw new AppError({ code: 'unavailable', message: 'no log' });
    });
    await expect(work).rejects.toThrow('no log');
    expect(spans).toHaveLength(201);
    expect(new Set(spans.map(({ error }) => error))).toEqual(new Set(['unavailable']));
    expect(spans.at(-1)?.links).toHaveLength(128);
  });
});
