import { consolesOf, operatorOffset, type ServiceProcess } from '../service-parts.ts';

/**
 * Targets of Prometheus, the pattern of files that name further ones, that of its rule files, and to whom it sends alerts:
 * addresses are host:port.
 */
export type Watched = Readonly<{
  targets: readonly string[];
  targetFiles: string;
  rules: string;
  alertmanager: string | null;
}>;

// Short, so that a change is seen at once; a few scrapes of a local stack cost little.
const intervals = { scrape_interval: '2s', evaluation_interval: '5s' } as const;

/** Returns the address of each process at which it serves its metrics: any of its ports, of the console that for operators. */
export const metricsTargets = (
  processes: readonly ServiceProcess[],
  { host, portBase }: Readonly<{ host: string; portBase: number }>,
): readonly string[] =>
  processes.flatMap(({ services }) => {
    const [first] = services;
    if (first === undefined) return [];
    const [console] = consolesOf(services);
    const offset = console === undefined ? first.portOffset : console.portOffset + operatorOffset;
    return [`${host}:${portBase + offset}`];
  });

/** Returns the text of prometheus.yml. It is JSON, which is YAML as well. */
export const prometheusConfig = ({ targets, targetFiles, rules, alertmanager }: Watched): string =>
  JSON.stringify(
    {
      global: intervals,
      rule_files: [rules],
      alerting: {
        alertmanagers: alertmanager === null ? [] : [{ static_configs: [{ targets: [alertmanager] }] }],
      },
      scrape_configs: [
        { job_name: 'tidings', static_configs: [{ targets }] },
        { job_name: 'applications', file_sd_configs: [{ files: [targetFiles], refresh_interval: '5s' }] },
      ],
    },
    null,
    2,
  );
