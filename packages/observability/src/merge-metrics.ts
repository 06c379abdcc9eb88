import type { Registry } from 'prom-client';

/**
 * Returns the text that Prometheus scrapes for several registries, whose default labels must differ. Metrics that
 * occur in more than one are written as one group, because a name may have only one TYPE line (Prometheus text format
 * 0.0.4).
 */
export async function mergedText(registries: readonly Registry[]): Promise<string> {
  const groups = new Map<string, string[]>();
  for (const registry of registries) {
    for (const { name } of registry.getMetricsAsArray()) {
      const lines = (await registry.getSingleMetricAsString(name)).split('\n');
      const group = groups.get(name);
      if (group === undefined) groups.set(name, lines);
      else group.push(...lines.filter((line) => !line.startsWith('#')));
    }
  }
  return `${[...groups.values()].map((lines) => lines.join('\n')).join('\n\n')}\n`;
}
