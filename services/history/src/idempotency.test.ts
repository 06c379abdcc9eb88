import { consumerId, encodeRun, type RunRecorded, topics } from '@tidings/contracts';
import { eventually } from '@tidings/testing';
import { anAttemptRecord } from '@tidings/testing/messages';
import { afterEach, describe, expect, it } from 'vitest';
import { aFailure } from '../test/builders.ts';
import { startHere, stopAll } from '../test/in-memory-history.ts';
import { aFailure as aFailureOfRun, aRun } from '../test/runs/run-builders.ts';

afterEach(stopAll);

type Service = Awaited<ReturnType<typeof startHere>>;
/** A request to repeat. `other`: another body for the same route; null if it accepts none. */
type Case = Readonly<{ path: string; body?: object; other: object | null; status: number }>;

const deadLetters = '/v1/webhooks/dead-letters';
const jobs = '/v1/webhooks/jobs';
const aDeadLetterAt = (service: Service): string => `${deadLetters}/${service.deadLetters.all()[0]?.id}`;

/** Records a run, and returns its path once the history has it. */
const aRunOf = async (service: Service, over: Partial<RunRecorded>): Promise<string> => {
  const run = aRun(over);
  await service.publish({ topic: topics.runs, ...encodeRun(run) });
  await eventually(() => expect(service.runs.all()).toHaveLength(1));
  return `/v1/webhooks/runs/${run.runId}`;
};

const cases: Readonly<Record<string, (service: Service) => Promise<Case>>> = {
  redriveDeadLetter: async (service) => ({
    path: `${aDeadLetterAt(service)}/redrive`,
    other: { to_origin: true },
    status: 202,
  }),
  discardDeadLetter: async (service) => ({
    path: `${aDeadLetterAt(service)}/discard`,
    body: { reason: 'r' },
    other: { reason: 's' },
    status: 200,
  }),
  redriveDeadLetters: async () => ({
    path: `${deadLetters}/redrive`,
    body: { all: true },
    other: { all: true, rate_per_second: 5 },
    status: 202,
  }),
  discardDeadLetters: async () => ({
    path: `${deadLetters}/discard`,
    body: { all: true, reason: 'r' },
    other: { all: true, reason: 's' },
    status: 202,
  }),
  retryDelivery: async (service) => ({
    path: `/v1/webhooks/deliveries/${await anEndedDelivery(service)}/retry`,
    other: null,
    status: 202,
  }),
  retryDeliveries: async (service) => {
    await anEndedDelivery(service);
    const path = '/v1/webhooks/deliveries/retry';
    const body = { filter: { status: 'dead_lettered' } };
    return { path, body, other: { ...body, rate_per_second: 5 }, status: 202 };
  },
  retryEvent: async (service) => {
    await anEndedDelivery(service);
    const { eventId, subscriptionId } = anAttemptRecord(1);
    const other = { subscription_ids: [subscriptionId] };
    return { path: `/v1/webhooks/events/${eventId}/retry`, body: {}, other, status: 202 };
  },
  retryRun: async (service) => {
    const path = await aRunOf(service, { status: 'failed', failure: aFailureOfRun });
    return { path: `${path}/retry`, other: null, status: 202 };
  },
  cancelRun: async (service) => {
    const path = await aRunOf(service, { status: 'running' });
    return { path: `${path}/cancel`, body: {}, other: { reason: 'r' }, status: 202 };
  },
  retryRuns: async (service) => {
    await aRunOf(service, { status: 'failed', failure: aFailureOfRun });
    const path = '/v1/webhooks/runs/retry';
    return { path, body: { all: true }, other: { all: true, rate_per_second: 5 }, status: 202 };
  },
  cancelRuns: async (service) => {
    await aRunOf(service, { status: 'running' });
    const path = '/v1/webhooks/runs/cancel';
    return { path, body: { all: true }, other: { all: true, reason: 'r' }, status: 202 };
  },
  createReplay: async () => ({
    path: '/v1/webhooks/replays',
    body: { from: '2026-11-22T10:00:00Z', target: { all: true } },
    other: { from: '2026-11-22T10:00:00Z', target: { missing: true } },
    status: 202,
  }),
  createExport: async () => ({
    path: '/v1/webhooks/exports',
    body: { of: 'deliveries', format: 'csv' },
    other: { of: 'deliveries', format: 'ndjson' },
    status: 202,
  }),
  createErasure: async (service) => {
    await service.attempt(aFailure(1, 1, { consumerId: consumerId('acme') }));
    await eventually(() => expect(service.deliveries.all()).toHaveLength(1));
    const body = { consumer_id: 'acme' };
    return { path: '/v1/webhooks/erasures', body, other: { ...body, reason: 'r' }, status: 202 };
  },
  pauseJob: async (service) => {
    const { body } = await service.call('POST', '/redrive', { all: true, rate_per_second: 1 });
    return { path: `${jobs}/${String(body['id'])}/pause`, other: null, status: 200 };
  },
  resumeJob: async (service) => {
    const { body } = await service.call('POST', '/redrive', { all: true, rate_per_second: 1 });
    const job = `${jobs}/${String(body['id'])}`;
    await service.callAt(`${job}/pause`, 'POST');
    return { path: `${job}/resume`, other: null, status: 200 };
  },
  cancelJob: async (service) => {
    const { body } = await service.call('POST', '/redrive', { all: true, rate_per_second: 1 });
    return { path: `${jobs}/${String(body['id'])}/cancel`, other: null, status: 200 };
  },
};

/** Projects the end of the first delivery, whose dead letter has its body. Returns its id. */
async function anEndedDelivery(service: Service): Promise<string> {
  const { deliveryId } = anAttemptRecord(1);
  await service.attempt(aFailure(1, 1, { next: { kind: 'dead-letter', reason: 'exhausted' } }));
  await eventually(() => expect(service.deliveries.all()).toHaveLength(1));
  return deliveryId;
}

async function aService(): Promise<Service> {
  const service = await startHere();
  await service.subscribe();
  await service.deadLetter(1);
  await service.deadLetter(2);
  await service.stored(2);
  return service;
}

const send = async (service: Service, { path, body }: Pick<Case, 'path' | 'body'>) =>
  service.callAt(path, 'POST', { body, headers: { 'idempotency-key': 'once' } });

/** Waits for the end of all jobs and returns them with the effects of the jobs and the caller. */
async function outcomeOf(service: Service) {
  await eventually(() => expect(service.jobs.all().every(({ isDue }) => !isDue)).toBe(true));
  const sent = service.sent().map(({ state }) => state);
  const retries = sent.filter(({ trigger }) => trigger === 'manual');
  return {
    jobs: service.jobs.all().map(({ id, state }) => [id, state]),
    sent: sent.length - retries.length,
    // A retry that is run again repeats its command, which delivery drops as any copy.
    retried: new Set(retries.map(({ deliveryId, chain }) => `${deliveryId}.${chain}`)).size,
    deadLetters: service.deadLetters.all().map(({ state }) => state),
  };
}

type Operation = Readonly<{
  operationId: string;
  parameters: readonly Readonly<{ $ref?: string }>[];
  'x-read-only'?: true;
}>;

describe('every POST of history', () => {
  it('accepts an Idempotency-Key, and has a case here', async () => {
    const { url } = await startHere();
    const description = (await (await fetch(`${url}/v1/openapi.json`)).json()) as {
      paths: Readonly<Record<string, { post?: Operation }>>;
    };
    const posts = Object.values(description.paths).flatMap(({ post }) =>
      post === undefined || post['x-read-only'] === true ? [] : [post],
    );
    const keyed = posts.filter(({ parameters }) =>
      parameters.some(({ $ref }) => $ref?.endsWith('/Idempotency-Key')),
    );
    expect(keyed.map(({ operationId }) => operationId).toSorted()).toEqual(Object.keys(cases).toSorted());
    expect(keyed).toHaveLength(posts.length);
  });

  it.each(Object.entries(cases))(
    '%s: a repeat returns the first response and creates nothing',
    async (_, prepare) => {
      const service = await aService();
      const given = await prepare(service);
      const first = await send(service, given);
      expect([first.status, first.replayed]).toEqual([given.status, null]);
      const done = await outcomeOf(service);
      const again = await send(service, given);
      expect(again).toEqual({ ...first, replayed: 'true' });
      expect(await outcomeOf(service)).toEqual(done);
      if (given.other !== null) {
        const refused = await send(service, { ...given, body: given.other });
        expect(refused.status).toBe(422);
        expect(refused.body['detail']).toContain('Idempotency-Key');
      }
      const metrics = await (await fetch(`${service.url}/metrics`)).text();
      expect(metrics).toContain('tidings_history_answers_replayed_total{service="history"} 1');
    },
  );

  it.each(Object.entries(cases))('%s: a run after a crash creates nothing twice', async (_, prepare) => {
    const service = await aService();
    const given = await prepare(service);
    const first = await send(service, given);
    const done = await outcomeOf(service);
    service.keys.loseResponses();
    const again = await send(service, given);
    expect(again).toMatchObject({ status: first.status, replayed: null });
    expect(again.body['id']).toBe(first.body['id']);
    expect(await outcomeOf(service)).toEqual(done);
  });
});
