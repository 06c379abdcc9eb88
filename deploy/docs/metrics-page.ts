import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { MetricDefinition, MetricsCatalogue } from '../../packages/observability/src/index.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A metrics catalogue and the service or package that owns it. */
export type OwnedCatalogue = Readonly<{ owner: string; file: string; catalogue: MetricsCatalogue }>;

const sourcesOf = (kind: 'packages' | 'services'): string[] =>
  readdirSync(`${root}${kind}`).flatMap((owner) =>
    readdirSync(`${root}${kind}/${owner}/src`, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .map((file) => `${kind}/${owner}/src/${file}`),
  );

const isCatalogue = (value: unknown): value is MetricsCatalogue =>
  typeof value === 'object' &&
  value !== null &&
  Object.values(value).length > 0 &&
  Object.values(value).every((one: Partial<MetricDefinition> | undefined) =>
    one?.name?.startsWith('tidings_'),
  );

/** Reads every catalogue of the repository, exported by the sources that call `defineMetrics`. Packages come first. */
export const readCatalogues = async (): Promise<readonly OwnedCatalogue[]> => {
  const found: OwnedCatalogue[] = [];
  for (const file of [...sourcesOf('packages'), ...sourcesOf('services')].sort()) {
    if (!readFileSync(`${root}${file}`, 'utf8').includes('= defineMetrics({')) continue;
    const exported = (await import(/* @vite-ignore */ `${root}${file}`)) as Readonly<Record<string, unknown>>;
    const owner = file.split('/')[1] ?? '';
    const catalogues = Object.values(exported).filter(isCatalogue);
    if (catalogues.length === 0) throw new Error(`${file} defines metrics and exports no catalogue`);
    for (const catalogue of catalogues) found.push({ owner, file, catalogue });
  }
  return found;
};

// A | would end the table cell.
const cell = (text: string): string => text.replaceAll('|', '\\|');

const row = ({ name, type, labels, help, action = '' }: MetricDefinition): string =>
  `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${cell(help)} | ${cell(action)} |`;

const section = ({ owner, file, catalogue }: OwnedCatalogue, isFirst: boolean): string =>
  [
    ...(isFirst ? [`## ${owner}`, ''] : []),
    file.startsWith('packages/')
      ? `From \`${file}\`, in every service that uses the package.`
      : `From \`${file}\`.`,
    '',
    '| metric | type | labels | meaning | what to do |',
    '|---|---|---|---|---|',
    ...Object.values(catalogue).map(row),
  ].join('\n');

const head = `# Metrics

Each service serves \`GET /metrics\` in the Prometheus text format, the console on its port for operators. Any port of a process
shows all services of the process: scrape one of them. Besides the metrics below, each process exports its own (\`process_*\`,
\`nodejs_*\`). Every series has the label \`service\`: the service, or, for metrics of Node and of packages/kafka, the process, which is
\`tidings\` when it runs several services. A histogram has the unit at the end of its name. No label contains an endpoint, an
address, a subscription or a workspace, because their number is unbounded: see the log and the API.

\`npm run docs:metrics\` generates this page from the catalogues in the code; a test fails when page and code differ.`;

/** Renders docs/metrics.md. */
export const metricsPage = (catalogues: readonly OwnedCatalogue[]): string =>
  `${[head, ...catalogues.map((one, at) => section(one, one.owner !== catalogues[at - 1]?.owner))].join('\n\n')}\n`;
