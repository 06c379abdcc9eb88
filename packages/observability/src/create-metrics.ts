import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { MetricDefinition, MetricsCatalogue } from './define-metrics.ts';
import { mergedText, type TextFormat } from './merge-metrics.ts';
import { isRecorded, traceFields } from './tracing/tracing.ts';

/** Values of all labels of a metric: a closed set of words, never an id or an address. `{}` without labels. */
export type LabelValues<D extends MetricDefinition> = Readonly<Record<D['labels'][number], string | number>>;

/** A counter. `count` defaults to 1. */
export type CounterHandle<D extends MetricDefinition> = Readonly<{
  inc: (labels: LabelValues<D>, count?: number) => void;
}>;

/** A value that rises and falls. `collect` is called at each scrape, for values that are read, not stored. */
export type GaugeHandle<D extends MetricDefinition> = Readonly<{
  set: (labels: LabelValues<D>, value: number) => void;
  inc: (labels: LabelValues<D>, by?: number) => void;
  dec: (labels: LabelValues<D>, by?: number) => void;
  /** Removes every labelled value, so that a set that shrinks leaves no stale values. */
  reset: () => void;
  collect: (read: (gauge: GaugeHandle<D>) => void) => void;
}>;

/** A distribution, in the unit at the end of its name. */
export type HistogramHandle<D extends MetricDefinition> = Readonly<{
  /** `traceparent`: the context of what was measured; the trace is the exemplar of its bucket, if it is recorded. */
  observe: (labels: LabelValues<D>, value: number, traceparent?: string | null) => void;
}>;

/** Handle type of a metric definition. */
export type MetricHandle<D extends MetricDefinition> = D['type'] extends 'counter'
  ? CounterHandle<D>
  : D['type'] extends 'gauge'
    ? GaugeHandle<D>
    : HistogramHandle<D>;

/** Metrics of a catalogue: typed handles, and the text that Prometheus scrapes. OpenMetrics has exemplars besides. */
export type Metrics<C extends MetricsCatalogue = MetricsCatalogue> = Readonly<{
  handles: { readonly [K in keyof C]: MetricHandle<C[K]> };
  registry: Registry;
  /** Default format: the text of Prometheus. */
  text: (format?: TextFormat) => Promise<string>;
  catalogue: C;
}>;

/**
 * Options of {@link createMetrics}. `registry`: the registry to extend (a package's catalogue beside the service's;
 * existing metrics are reused). `nodeMetrics`: adds the process's own (event loop lag, heap, GC, descriptors); default
 * true on a new registry.
 */
export type MetricsOptions = Readonly<{ service: string; registry?: Registry; nodeMetrics?: boolean }>;

/**
 * Interval of the samples of the event loop lag, and the lowest value of its percentiles. Each sample wakes the process:
 * prom-client's default of 10 is most of what a process without work costs.
 */
const eventLoopSampleMs = 50;

/** Creates the handles of a catalogue. Every value carries the label `service`. */
export function createMetrics<const C extends MetricsCatalogue>(
  catalogue: C,
  options: MetricsOptions,
): Metrics<C> {
  const registry = options.registry ?? new Registry();
  if (options.registry === undefined) {
    registry.setDefaultLabels({ service: options.service });
    if (options.nodeMetrics ?? true)
      collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: eventLoopSampleMs });
  }
  const handles = Object.fromEntries(
    Object.entries(catalogue).map(([key, definition]) => [key, createHandle(definition, registry)]),
  ) as { readonly [K in keyof C]: MetricHandle<C[K]> };
  return { handles, registry, catalogue, text: async (format) => mergedText([registry], format) };
}

function createHandle(definition: MetricDefinition, registry: Registry): unknown {
  switch (definition.type) {
    case 'counter':
      return createCounter(definition, registry);
    case 'gauge':
      return createGauge(definition, registry);
    case 'histogram':
      return createHistogram(definition, registry);
    default:
      return definition satisfies never;
  }
}

function createCounter<D extends MetricDefinition>(definition: D, registry: Registry): CounterHandle<D> {
  const { name, help, labels } = definition;
  const known = registry.getSingleMetric(name);
  const counter =
    known instanceof Counter ? known : new Counter({ name, help, labelNames: labels, registers: [registry] });
  return { inc: (values, count = 1) => counter.inc(values, count) };
}

function createGauge<D extends MetricDefinition>(definition: D, registry: Registry): GaugeHandle<D> {
  const { name, help, labels } = definition;
  const known = registry.getSingleMetric(name);
  const readers: (() => void)[] = [];
  const fresh = () =>
    new Gauge({
      name,
      help,
      labelNames: labels,
      registers: [registry],
      collect: () => {
        for (const read of readers) read();
      },
    });
  const gauge = known instanceof Gauge ? known : fresh();
  const handle: GaugeHandle<D> = {
    set: (values, value) => gauge.set(values, value),
    inc: (values, by = 1) => gauge.inc(values, by),
    dec: (values, by = 1) => gauge.dec(values, by),
    reset: () => gauge.reset(),
    collect: (read) => void readers.push(() => read(handle)),
  };
  return handle;
}

function createHistogram<D extends MetricDefinition>(definition: D, registry: Registry): HistogramHandle<D> {
  const { name, help, labels } = definition;
  const buckets = 'buckets' in definition ? [...definition.buckets] : [];
  const known = registry.getSingleMetric(name);
  const fresh = (): Histogram => {
    const histogram = new Histogram({
      name,
      help,
      labelNames: labels,
      buckets,
      registers: [],
      enableExemplars: true,
    });
    // prom-client refuses this for a registry of the text format, which leaves exemplars out. See merge-metrics.ts.
    registry.registerMetric(histogram);
    return histogram;
  };
  const histogram = known instanceof Histogram ? known : fresh();
  return {
    observe: (values, value, traceparent) => {
      if (isRecorded(traceparent))
        histogram.observe({ labels: values, value, exemplarLabels: traceFields(traceparent) });
      else histogram.observe({ labels: values, value });
    },
  };
}
