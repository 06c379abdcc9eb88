import { recordingLogger } from '@tidings/observability/testing';
import { expect, it } from 'vitest';
import { aSubscription } from '../../test/a-subscription.ts';
import { openInMemoryRegistry } from '../../test/memory/in-memory-registry.ts';
import { watchCertificatesTask } from './watch-certificates-task.ts';

const dayMs = 86_400_000;

it('counts certificates that expire within 14 days or have expired, and names their subscriptions', async () => {
  const { store, clock } = await openInMemoryRegistry();
  const until = (days: number) => ({
    fingerprint: `days ${days}`,
    expiresAtMs: clock.nowMs() + days * dayMs,
  });
  const tls = { sealed: 'v1.k.iv.tag.data', ca: [until(30)], certificate: [until(20), until(40)] };
  const watched = aSubscription({ settings: { tls } });
  await store.insert(watched);
  await store.insert(aSubscription({ settings: { tls }, state: 'disabled' }));
  await store.insert(aSubscription());
  const set = new Map<string, number>();
  const logger = recordingLogger();
  const metrics = {
    certificates: {
      set: ({ use, state }: Readonly<Record<string, string | number>>, value: number) =>
        void set.set(`${use} ${state}`, value),
    },
  } as unknown as Parameters<typeof watchCertificatesTask>[0]['metrics'];
  const task = watchCertificatesTask({ store, clock, logger, metrics });
  await task.run();
  expect(set.get('client valid')).toBe(2);
  expect([set.get('client expiring'), set.get('authority expired')]).toEqual([0, 0]);
  expect(logger.lines).toEqual([]);
  await clock.advance(27 * dayMs);
  await task.run();
  expect(Object.fromEntries(set)).toEqual({
    'client valid': 0,
    'client expiring': 1,
    'client expired': 1,
    'authority valid': 0,
    'authority expiring': 1,
    'authority expired': 0,
  });
  expect(
    logger.lines.map(({ event, fields }) => [event, fields['subscriptionId'], fields['fingerprint']]),
  ).toEqual([
    ['certificate.expired', watched.id, 'days 20'],
    ['certificate.expiring', watched.id, 'days 40'],
    ['certificate.expiring', watched.id, 'days 30'],
  ]);
});
