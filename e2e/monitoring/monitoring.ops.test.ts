import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { eventually } from '@tidings/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, apiOf, publishAll } from '../harness/api.ts';
import { type Collector, startCollector } from '../harness/collector.ts';
import { gitHubExamples, postAsGitHub } from '../harness/github-webhooks.ts';
import { prometheusAt, type ShownAlert } from '../harness/prometheus.ts';
import { type SpanCollector, startSpanCollector } from '../harness/span-collector.ts';
import { freePortBase, type LocalStack, startTidings, type Tidings } from '../harness/tidings.ts';
import { startWatchedWorker, type WatchedWorker } from '../harness/watched-worker.ts';

const secret = 'as the source has it';
type Panel = Readonly<{ title: string; targets?: readonly Readonly<{ expr: string }>[] }>;
type Dashboard = Readonly<{ title: string; panels: readonly Panel[] }>;

const folder = fileURLToPath(new URL('../../deploy/compose/grafana/dashboards/', import.meta.url));
const dashboards = readdirSync(folder).map(
  (file) => JSON.parse(readFileSync(`${folder}${file}`, 'utf8')) as Dashboard,
);
const producer = fileURLToPath(new URL('../../examples/direct-producer.mjs', import.meta.url));
/** Stands for `$__rate_interval`: at least four scrapes of a local stack. */
const rateInterval = '20s';
const eventCount = 1_200;
const patience = { timeoutMs: 60_000 };

let portBase: number;
let tidings: Tidings;
let local: LocalStack;
let api: Api;
let collectors: readonly Collector[];
let spanCollector: SpanCollector;
let worker: WatchedWorker;

const prometheus = () => prometheusAt(`http://127.0.0.1:${portBase + 8}`);

const anEndpoint = async (
  events: readonly string[],
  settings: Readonly<Record<string, unknown>> = {},
): Promise<Collector> => {
  const collector = await startCollector();
  collector.trust((await api.subscribe(collector.url, events, settings)).secret);
  return collector;
};

/** Posts a webhook with the right secret and one with another. */
const postWebhooks = async (): Promise<void> => {
  const source = { provider: 'github', name: 'watched', audience: 'internal', secrets: [secret] };
  const { body } = await api.request('POST', '/v1/webhooks/sources', source);
  const url = `${local.services['ingress']}/v1/sources/${(body as { id: string }).id}`;
  const [{ event, payload } = { event: 'ping', payload: {} }] = gitHubExamples;
  const webhook = { event, body: JSON.stringify(payload), delivery: 'watched-1' };
  await eventually(async () => expect((await postAsGitHub(url, webhook, secret)).ok).toBe(true));
  expect((await postAsGitHub(url, webhook, 'another')).status).toBe(401);
};

const produceUndecodable = async (): Promise<void> => {
  const env = {
    TIDINGS_DATA: tidings.dataDir,
    TIDINGS_WORKSPACE: local.workspace_id,
    TIDINGS_EVENT_TYPE: 'not a type',
  };
  await promisify(execFile)(process.execPath, [producer], { env: { ...process.env, ...env } });
};

/** Redrives the dead letters of the failing endpoint, and waits until the job has ended. */
const redrive = async (): Promise<void> => {
  const filter = { reason: 'exhausted' };
  await eventually(async () => {
    const { body } = await api.request('GET', '/v1/webhooks/dead-letters?reason=exhausted');
    expect((body as { data: readonly unknown[] }).data).toHaveLength(2);
  }, patience);
  const { body, status } = await api.request('POST', '/v1/webhooks/dead-letters/redrive', { filter });
  expect(status, JSON.stringify(body)).toBe(202);
};

beforeAll(async () => {
  portBase = await freePortBase();
  // One of the free ports that the stack does not use.
  const spanPort = portBase + 39;
  spanCollector = await startSpanCollector(spanPort);
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${spanPort}` };
  tidings = await startTidings({ portBase, env, args: ['--no-demo', '--monitoring'] });
  local = await tidings.local();
  api = apiOf(local);
  const healthy = await anEndpoint(['watched.*']);
  const ordered = await anEndpoint(['watched.*'], { ordering: 'subscription' });
  const failing = await anEndpoint(['failing.*'], { retry_schedule: [1] });
  failing.failNext(1_000, 500);
  // Fewer failures than open its circuit breaker, so that they are soon dead letters.
  const dying = await anEndpoint(['dying.*'], { retry_schedule: [1] });
  dying.failNext(4, 500);
  collectors = [healthy, ordered, failing, dying];
  worker = await startWatchedWorker(tidings, 'watched.load');
  await publishAll({ local, type: 'failing.load', count: 20 });
  await publishAll({ local, type: 'dying.load', count: 2 });
  await Promise.all([
    publishAll({ local, type: 'watched.load', count: eventCount, batchSize: 20, paceMs: 250 }),
    postWebhooks(),
    produceUndecodable(),
    redrive(),
    fetch(`${local.url}/v1/webhooks/deliveries`, { headers: { authorization: 'Bearer wrong' } }),
  ]);
  await eventually(() => expect(healthy.eventIds().size).toBe(eventCount), patience);
  await eventually(() => expect(worker.completed()).toBe(eventCount), patience);
  // Writes of the registry before the first scrape are no rate: one more.
  await api.subscribe(healthy.url, ['later.*']);
});

afterAll(async () => {
  await Promise.all((collectors ?? []).map(async (collector) => collector.close()));
  await worker?.close();
  await tidings?.stop();
  await spanCollector?.close();
});

it('prints where Prometheus is, which reads every process and evaluates every rule', async () => {
  expect(tidings.output()).toContain(`Prometheus       http://127.0.0.1:${portBase + 8}`);
  await eventually(async () => expect(await prometheus().targets()).toEqual(['up', 'up', 'up']));
  await eventually(async () => {
    const rules = await prometheus().rules();
    expect(rules.length).toBeGreaterThan(50);
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
  });
});

describe.each(dashboards)('the dashboard $title', ({ panels }) => {
  const queries = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));

  it('has data in every panel, for every query', async () => {
    const empty = async (): Promise<readonly string[]> => {
      const found = await Promise.all(
        queries.map(async ({ title, expr }) => {
          const values = await prometheus().valuesOf(expr.replaceAll('$__rate_interval', rateInterval), 120);
          return values.length > 0 ? [] : [`${title}: ${expr}`];
        }),
      );
      return found.flat();
    };
    await eventually(async () => expect(await empty()).toEqual([]), { ...patience, everyMs: 2_000 });
  });
});

it('keeps exemplars of latencies, which are traces that the collector has', async () => {
  const histograms = [
    'tidings_ingress_publish_seconds_bucket',
    'tidings_fanout_event_age_seconds_bucket',
    'tidings_delivery_attempt_phase_seconds_bucket',
    'tidings_delivery_accept_to_first_attempt_seconds_bucket',
    'tidings_http_request_seconds_bucket{route="/v1/events/batch"}',
  ];
  for (const histogram of histograms) {
    const exemplars = await eventually(async () => {
      const found = await prometheus().exemplarsOf(histogram, 600);
      expect(found, histogram).not.toEqual([]);
      return found;
    });
    for (const { labels } of exemplars) {
      const { trace_id: traceId = 'none', span_id: spanId = 'none' } = labels;
      await eventually(() => expect(spanCollector.text(), histogram).toContain(`"traceId":"${traceId}"`));
      expect(spanId).toMatch(/^[0-9a-f]{16}$/);
    }
  }
});

it('fires for records that cannot be decoded, for no instance, and tells Alertmanager', async () => {
  const isPoison = ({ labels }: ShownAlert): boolean => labels['alertname'] === 'TidingsPoisonRecords';
  await eventually(async () => expect((await prometheus().firing()).some(isPoison)).toBe(true), patience);
  await eventually(async () => {
    const alerts = await fetch(`http://127.0.0.1:${portBase + 9}/api/v2/alerts`);
    expect(((await alerts.json()) as readonly ShownAlert[]).some(isPoison)).toBe(true);
  });
  const names = (await prometheus().firing()).map(({ labels }) => labels['alertname']);
  for (const name of ['TidingsInstanceDown', 'TidingsServiceMissing', 'TidingsServiceNotReady'])
    expect(names).not.toContain(name);
});
