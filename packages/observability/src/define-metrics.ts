type Described<L extends readonly string[]> = Readonly<{
  name: string;
  help: string;
  labels: L;
  /** Action for the operator. Absent if there is none. */
  action?: string;
}>;

/**
 * One metric of a catalogue. Names follow Prometheus: `tidings_<service>_<what>_<unit>`, counters end in `_total`.
 * `help` explains it; docs/metrics.md is generated from it.
 */
export type MetricDefinition<L extends readonly string[] = readonly string[]> =
  | (Described<L> & Readonly<{ type: 'counter' }>)
  | (Described<L> & Readonly<{ type: 'gauge' }>)
  | (Described<L> & Readonly<{ type: 'histogram'; buckets: readonly number[] }>);

/** All metrics of a service or package, by their names in the code. Docs and dashboards are checked against it. */
export type MetricsCatalogue = Readonly<Record<string, MetricDefinition>>;

const namePattern = /^tidings_[a-z0-9]+(_[a-z0-9]+)+$/;

/**
 * Returns the catalogue after checking it: names are `tidings_…`, counters end in `_total`, histograms have rising
 * buckets, and no name occurs twice. Throws a plain Error: an invalid catalogue is a programming error.
 */
export function defineMetrics<const C extends MetricsCatalogue>(catalogue: C): C {
  const seen = new Set<string>();
  for (const definition of Object.values(catalogue)) {
    const { name, type } = definition;
    if (!namePattern.test(name)) throw new Error(`metric name '${name}' must match ${namePattern}`);
    if ((type === 'counter') !== name.endsWith('_total')) {
      throw new Error(`metric '${name}' is a ${type}: counters, and only they, end in _total`);
    }
    if (seen.has(name)) throw new Error(`metric '${name}' is defined twice`);
    if (type === 'histogram' && !areRising(definition.buckets)) {
      throw new Error(`metric '${name}' must have rising buckets, got ${definition.buckets.join(', ')}`);
    }
    seen.add(name);
  }
  return catalogue;
}

function areRising(buckets: readonly number[]): boolean {
  return buckets.length > 0 && buckets.every((bucket, at) => at === 0 || bucket > (buckets[at - 1] ?? 0));
}

/** Buckets in seconds, from 1 ms to 10 s: requests, sends, handlers. */
export const latencyBuckets = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
] as const;
