import { Registry } from 'prom-client';

/** Format of metrics: the text of Prometheus 0.0.4, or OpenMetrics 1.0.0, which also has exemplars. */
export type TextFormat = 'prometheus' | 'openmetrics';

/** Media types of the formats. */
export const metricsMediaTypes = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
} as const satisfies Readonly<Record<TextFormat, string>>;

/**
 * Returns the text that Prometheus scrapes for several registries, whose default labels must differ. Metrics that
 * occur in more than one are written as one group, because a name may have only one TYPE line.
 */
export async function mergedText(
  registries: readonly Registry[],
  format: TextFormat = 'prometheus',
): Promise<string> {
  const groups = new Map<string, string[]>();
  for (const registry of registries) {
    const view = format === 'openmetrics' ? withExemplars(registry) : registry;
    for (const { name } of registry.getMetricsAsArray()) {
      const isCounter = name.endsWith('_total');
      const text = await (isCounter ? registry : view).getSingleMetricAsString(name);
      const lines = text.split('\n');
      const group = groups.get(name);
      if (group !== undefined) group.push(...lines.filter((line) => !line.startsWith('#')));
      else groups.set(name, isCounter && format === 'openmetrics' ? lines.map(familyOfCounter) : lines);
    }
  }
  const blocks = [...groups.values()].map((lines) => lines.join('\n'));
  return format === 'openmetrics' ? `${blocks.join('\n')}\n# EOF\n` : `${blocks.join('\n\n')}\n`;
}

// prom-client writes exemplars in a registry of the type OpenMetrics only, which would rename its counters for good.
const withExemplars = (registry: Registry): Registry =>
  Object.create(registry, { contentType: { value: Registry.OPENMETRICS_CONTENT_TYPE } }) as Registry;

// The family of a counter has no suffix in OpenMetrics, its samples have.
const familyOfCounter = (line: string): string =>
  line.startsWith('# ') ? line.replace(/^(# \w+ \w+?)_total /, '$1 ') : line;
