import { describe, expect, it, onTestFinished } from 'vitest';
import { createMetrics, defineMetrics, latencyBuckets, silentLogger, startTracing } from './index.ts';

const catalogue = defineMetrics({
  accepted: { type: 'counter', name: 'tidings_test_accepted_total', help: 'Accepted.', labels: ['outcome'] },
  waiting: { type: 'gauge', name: 'tidings_test_waiting', help: 'Waiting.', labels: [] },
  seconds: { type: 'histogram', name: 'tidings_test_seconds', help: 'Time.', labels: [], buckets: [0.1, 1] },
});

function sample(text: string, name: string): string | undefined {
  return text.split('\n').find((line) => line.startsWith(name));
}

describe('createMetrics', () => {
  it('returns typed handles whose values appear in the text with the service as label', async () => {
    const { handles, text } = createMetrics(catalogue, { service: 'test', nodeMetrics: false });
    handles.accepted.inc({ outcome: 'ok' });
    handles.accepted.inc({ outcome: 'ok' }, 2);
    handles.waiting.set({}, 7);
    handles.waiting.dec({}, 2);
    handles.seconds.observe({}, 0.5);
    const scraped = await text();
    expect(sample(scraped, 'tidings_test_accepted_total{')).toBe(
      'tidings_test_accepted_total{outcome="ok",service="test"} 3',
    );
    expect(sample(scraped, 'tidings_test_waiting{')).toBe('tidings_test_waiting{service="test"} 5');
    expect(scraped).toMatch(/tidings_test_seconds_bucket\{[^}]*le="1"[^}]*\} 1/);
    expect(scraped).toMatch(/tidings_test_seconds_bucket\{[^}]*le="0.1"[^}]*\} 0/);
    expect(scraped).toContain('# HELP tidings_test_accepted_total Accepted.');
  });

  it('reads collected gauges at each scrape', async () => {
    const { handles, text } = createMetrics(catalogue, { service: 'test', nodeMetrics: false });
    let size = 1;
    handles.waiting.collect((gauge) => gauge.set({}, size));
    expect(sample(await text(), 'tidings_test_waiting{')).toMatch(/ 1$/);
    size = 4;
    expect(sample(await text(), 'tidings_test_waiting{')).toMatch(/ 4$/);
  });

  it('adds to a registry and reuses existing metrics', async () => {
    const first = createMetrics(catalogue, { service: 'test', nodeMetrics: false });
    const again = createMetrics(catalogue, { service: 'test', registry: first.registry });
    first.handles.accepted.inc({ outcome: 'ok' });
    again.handles.accepted.inc({ outcome: 'ok' });
    expect(sample(await first.text(), 'tidings_test_accepted_total{')).toMatch(/ 2$/);
  });

  it('includes metrics of the process by default', async () => {
    const { text, registry } = createMetrics({}, { service: 'test' });
    expect(await text()).toMatch(/nodejs_eventloop_lag_seconds|process_resident_memory_bytes/);
    registry.clear();
  });
});

describe('exemplars', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const exemplar =
    / # \{trace_id="0af7651916cd43dd8448eb211c80319c",span_id="b7ad6b7169203331"\} 0\.5 [\d.]+$/m;

  it('are in OpenMetrics, of traces that are recorded, and nowhere else', async () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' };
    const tracing = await startTracing({ service: 'test', env, logger: silentLogger });
    onTestFinished(async () => tracing.shutdown());
    const { handles, text } = createMetrics(catalogue, { service: 'test', nodeMetrics: false });
    handles.accepted.inc({ outcome: 'ok' });
    handles.seconds.observe({}, 0.5, traceparent);
    handles.seconds.observe({}, 0.6, traceparent.replace(/01$/, '00'));
    handles.seconds.observe({}, 0.7);
    const openMetrics = await text('openmetrics');
    expect(openMetrics).toMatch(exemplar);
    expect(openMetrics.split(' # {')).toHaveLength(2);
    expect(openMetrics).toContain('# TYPE tidings_test_accepted counter\n');
    expect(openMetrics).toContain('\ntidings_test_accepted_total{outcome="ok",service="test"} 1\n');
    expect(openMetrics).toMatch(/tidings_test_seconds_count\{[^}]*\} 3\n# EOF\n$/);
    const plain = await text();
    expect(plain).not.toMatch(/ # \{|EOF/);
    expect(plain).toContain('# TYPE tidings_test_accepted_total counter\n');
  });

  it('are not kept while tracing is off', async () => {
    const { handles, text } = createMetrics(catalogue, { service: 'test', nodeMetrics: false });
    handles.seconds.observe({}, 0.5, traceparent);
    expect(await text('openmetrics')).not.toContain(' # {');
  });
});

describe('defineMetrics', () => {
  const counter = (name: string) => ({ type: 'counter', name, help: 'h', labels: [] }) as const;

  it.each(['Tidings_a_total', 'other_a_total', 'tidings_total'.replace('_total', ''), 'tidings_a-b_total'])(
    'refuses the name %s',
    (name) => {
      expect(() => defineMetrics({ a: counter(name) })).toThrow(`metric name '${name}' must match`);
    },
  );

  it('refuses a counter without _total, a gauge with it, and a name used twice', () => {
    expect(() => defineMetrics({ a: counter('tidings_a_b') })).toThrow(
      /counters, and only they, end in _total/,
    );
    expect(() => defineMetrics({ a: { ...counter('tidings_a_total'), type: 'gauge' } })).toThrow(
      /is a gauge/,
    );
    expect(() => defineMetrics({ a: counter('tidings_a_total'), b: counter('tidings_a_total') })).toThrow(
      /twice/,
    );
  });

  it('refuses buckets that are not ascending', () => {
    const histogram = (buckets: number[]) =>
      ({ type: 'histogram', name: 'tidings_a_seconds', help: 'h', labels: [], buckets }) as const;
    for (const buckets of [[], [1, 1], [2, 1]])
      expect(() => defineMetrics({ a: histogram(buckets) })).toThrow(/rising/);
    expect(() => defineMetrics({ a: histogram([...latencyBuckets]) })).not.toThrow();
  });
});
