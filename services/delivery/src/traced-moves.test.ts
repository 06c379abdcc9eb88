import { topics } from '@tidings/contracts';
import { type FinishedSpan, newTraceparent } from '@tidings/observability';
import { recordSpans } from '@tidings/observability/testing';
import { answered } from '@tidings/testing/messages';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aCommand, aSubscription } from '../test/builders.ts';
import { startHarness } from '../test/harness.ts';

const named = (spans: readonly FinishedSpan[], name: string): FinishedSpan[] =>
  spans.filter((span) => span.name === name);

const fail = async (traceparent: string, over: Parameters<typeof aSubscription>[0] = {}) => {
  const spans = recordSpans(onTestFinished);
  const harness = await startHarness({ cleanUp: onTestFinished });
  await harness.register(aSubscription({ retryScheduleSeconds: [10], ...over }));
  harness.sender.rule = () => answered(503);
  await harness.publish({ ...aCommand(1), traceparent });
  return { spans, harness };
};

describe('the spans of a command that is attempted again', () => {
  it('have its moves: onto a rung in the attempt, back to the deliveries, and to the dead letters', async () => {
    const traceparent = newTraceparent();
    const { spans, harness } = await fail(traceparent);
    await harness.clock.advance(60_000);
    const [first, second] = named(spans, `process ${topics.deliveries.name}`);
    expect(second).toMatchObject({ parent: traceparent });
    const moves = spans.filter(({ name }) => name.includes('retry'));
    const [put, ...rest] = moves.filter(({ kind }) => kind === 'client');
    // What is left of the wait may be shorter than a rung: it goes over several.
    expect(put).toMatchObject({
      parent: first?.traceparent,
      attributes: { 'messaging.message.id': aCommand(1).state.deliveryId, 'tidings.attempt': 2 },
    });
    expect(Date.parse(String(put?.attributes['tidings.not_before']))).toBeGreaterThan(first?.startMs ?? 0);
    for (const { parent } of rest) expect(parent).toBe(traceparent);
    const forwarded = moves.filter(({ kind }) => kind === 'consumer');
    expect(forwarded).toHaveLength(1 + rest.length);
    for (const { parent, isLinked, attributes } of forwarded) {
      expect({ parent, isLinked }).toEqual({ parent: traceparent, isLinked: true });
      expect(attributes['tidings.wait_ms']).toBeGreaterThanOrEqual(1_000);
    }
    expect(named(spans, `send ${topics.deadLetters.name}`)).toMatchObject([
      { parent: second?.traceparent, attributes: { 'tidings.reason': 'exhausted' } },
    ]);
    // The record carries the context of the command: its attempts stay beside each other.
    expect(harness.ladderCommands().map(({ command }) => command.traceparent)).toEqual(
      moves.filter(({ kind }) => kind === 'client').map(() => traceparent),
    );
  });

  it('are recorded only if its trace is', async () => {
    const { spans, harness } = await fail(newTraceparent().replace(/1$/, '0'));
    await harness.clock.advance(60_000);
    expect(harness.deadLetters()).toHaveLength(1);
    expect(spans).toEqual([]);
  });
});
