import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Brokers, startBrokers } from '@tidings/local-stack';
import { eventually } from '@tidings/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { apiOf } from '../harness/api.ts';
import { type Collector, startCollector } from '../harness/collector.ts';
import { type LoggedWebhook, readLoggedWebhooks } from '../harness/event-log.ts';
import { gitHubExamples, postAsGitHub } from '../harness/github-webhooks.ts';
import { startTidings, type Tidings } from '../harness/tidings.ts';
import { type Burst, type Lane, type Progress, startBurst } from '../harness/webhook-burst.ts';

const secret = "It's a Secret to Everybody";
const repositories = 40;
/** 5,000; a smaller size for a first look at a change. */
const total = Math.min(5_000, Number(process.env['KILL_TEST_EVENTS'] ?? 5_000));
// Full after a tenth of the burst, of which a webhook has 10 KB.
const spoolMaxBytes = Math.max(1_048_576, total * 1_000);
const patience = { timeoutMs: 120_000, everyMs: 20 };

let dataDir: string;
let brokers: Brokers;
let tidings: Tidings;
let collector: Collector;
let url: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tidings-brokers-'));
  brokers = await startBrokers({ count: 1, dataDir });
  const env = { KAFKA_BROKERS: brokers.brokers.join(), INGRESS_SPOOL_MAX_BYTES: String(spoolMaxBytes) };
  tidings = await startTidings({ args: ['--no-demo', '--separate'], env });
  const local = await tidings.local();
  const api = apiOf(local);
  collector = await startCollector();
  const settings = { audience: 'internal', ordering: 'key', max_in_flight: 64 };
  collector.trust((await api.subscribe(collector.url, ['github.*'], settings)).secret);
  const source = { provider: 'github', name: 'burst', secrets: [secret] };
  const { body } = await api.request('POST', '/v1/webhooks/sources', source);
  url = `${local.services['ingress']}/v1/sources/${(body as { id: string }).id}`;
  const ping = { event: 'ping', body: '{}', delivery: 'known' };
  await eventually(async () => expect((await postAsGitHub(url, ping, secret)).status).toBe(200));
});

afterAll(async () => {
  await collector?.close();
  await tidings?.stop();
  await brokers?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

/** Returns the examples of GitHub again and again, as webhooks of repositories. */
function lanesOf(count: number): readonly Lane[] {
  const ofRepositories = gitHubExamples.filter(({ payload }) => payload['repository'] !== undefined);
  const all = Array.from({ length: count }, (_, at) => {
    const { event, payload } = ofRepositories[at % ofRepositories.length] ?? { event: 'none', payload: {} };
    const repository = { ...(payload['repository'] as object), id: at % repositories };
    return { event, body: JSON.stringify({ ...payload, repository }), delivery: `delivery-${at}` };
  });
  return Array.from({ length: repositories }, (_, id) => all.filter((_one, at) => at % repositories === id));
}

/** Waits for an answer of the burst, or for its end. */
const until = async (burst: Burst, isReached: (progress: Progress) => boolean): Promise<void> =>
  eventually(
    () => expect(isReached(burst.progress()), JSON.stringify(burst.progress())).toBe(true),
    patience,
  );

const killIngress = async (): Promise<void> => tidings.restarted('ingress', await tidings.kill9('ingress'));

/** Returns the number of records that wait in the spool. */
async function spooledRecords(): Promise<number> {
  const { services } = await tidings.local();
  const response = await fetch(`${services['ingress']}/ready`);
  const { parts } = (await response.json()) as { parts: { name: string; detail?: { records: number } }[] };
  return parts.find(({ name }) => name === 'spool')?.detail?.records ?? Number.NaN;
}

/** Kills the broker and ingress while webhooks arrive, and keeps the broker away until the spool is full. */
async function breakEverything(burst: Burst): Promise<void> {
  const [broker] = brokers.nodes;
  if (broker === undefined) throw new Error('there is no broker');
  await until(burst, ({ log }) => log >= total / 10);
  await broker.kill9();
  await until(burst, ({ spool }) => spool >= total / 50);
  // It starts without the brokers, and with what the spool has.
  await killIngress();
  await until(burst, ({ refused }) => refused >= repositories / 2);
  await broker.start();
  // While it drains.
  await killIngress();
  const { log } = burst.progress();
  await until(burst, (now) => now.log >= log + total / 10);
  await broker.kill9();
  await broker.start();
  await until(burst, (now) => now.log >= log + total / 5);
  await killIngress();
}

const unique = <T>(values: readonly T[]): readonly T[] => [...new Set(values)];

/** Expects the accepted webhooks of each repository in the order in which they were posted, by their first copies. */
function expectOrder(
  lanes: readonly Lane[],
  arrived: readonly string[],
  accepted: ReadonlySet<string>,
): void {
  const places = new Map(unique(arrived).map((delivery, at) => [delivery, at]));
  for (const lane of lanes) {
    const posted = lane.map(({ delivery }) => delivery).filter((delivery) => accepted.has(delivery));
    const byArrival = posted.toSorted((a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0));
    expect(byArrival).toEqual(posted);
  }
}

/** Expects one event for each accepted webhook, and none for what was never posted. */
function expectOneEventEach(log: readonly LoggedWebhook[], { accepted, refused }: Burst): void {
  const events = new Map<string, Set<string>>();
  for (const { callerId, eventId } of log)
    events.set(callerId, (events.get(callerId) ?? new Set()).add(eventId));
  expect([...accepted].filter((delivery) => !events.has(delivery))).toEqual([]);
  expect([...events].filter(([, ids]) => ids.size > 1)).toEqual([]);
  // What was answered 503 may be in the log nevertheless: it acknowledged too late.
  expect([...events.keys()].filter((one) => !accepted.has(one) && !refused.has(one))).toEqual(['known']);
}

it('each accepted webhook of a burst is one event, in order by repository, while the broker and ingress are killed and the spool is full', async () => {
  const lanes = lanesOf(total);
  const burst = startBurst({ url, secret, lanes });
  await Promise.all([burst.ended, breakEverything(burst)]);
  const { accepted, refused } = burst;
  expect(accepted.size + refused.size).toBe(total);
  expect(accepted.size).toBeGreaterThan(total / 2);

  await eventually(async () => expect(await spooledRecords()).toBe(0), patience);
  const log = await readLoggedWebhooks(brokers.brokers);
  expectOneEventEach(log, burst);
  const ofLog = log.map(({ callerId }) => callerId);
  expectOrder(lanes, ofLog, accepted);

  const deliveryOf = new Map(log.map(({ eventId, callerId }) => [eventId, callerId]));
  const deliveries = (): string[] =>
    collector.receipts.map(({ eventId }) => deliveryOf.get(eventId) ?? eventId);
  await eventually(
    () => {
      const known = new Set(deliveries());
      expect([...accepted].filter((delivery) => !known.has(delivery))).toEqual([]);
    },
    { ...patience, everyMs: 200 },
  );
  const received = deliveries();
  expectOrder(lanes, received, accepted);
  expect(new Set(collector.receipts.map(({ webhookId }) => webhookId)).size).toBe(new Set(received).size);
  expect(collector.refused).toEqual([]);
  const answers = burst.progress();
  console.log(
    `${accepted.size} accepted (${answers.log} by the log, ${answers.spool} by the spool), ${refused.size} refused, ` +
      `${burst.repeated()} requests without an answer; 0 lost; ${ofLog.length - new Set(ofLog).size} twice in the log, ` +
      `${collector.duplicates()} received more than once`,
  );
}, 240_000);
