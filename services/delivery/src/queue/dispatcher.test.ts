import { answered } from '@tidings/testing/messages';
import { expect, it, onTestFinished } from 'vitest';
import { aCommand, aSubscription } from '../../test/builders.ts';
import { startHarness } from '../../test/harness.ts';

it('ends a long queue whose subscription is disabled, without a defect', async () => {
  const harness = await startHarness({ cleanUp: onTestFinished });
  await harness.register(aSubscription());
  const count = 3_500;
  await harness.publish(...Array.from({ length: count }, (_, n) => aCommand(n)));
  const queued = harness.opened.engine.dispatcher.queue.queued;
  expect(queued).toBeGreaterThan(3_000);
  await harness.register(aSubscription({ version: 2, state: 'disabled' }));
  harness.sender.sent[0]?.answer(answered(200));
  await harness.clock.advance(100);
  expect(harness.lines.filter(({ event }) => event === 'delivery.defect')).toEqual([]);
  expect(harness.deadLetters().map(({ reason }) => reason)).toEqual(
    Array.from({ length: queued }, () => 'disabled'),
  );
});
