import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PortNeed } from '../ports.ts';
import { Part } from '../processes/part.ts';
import type { ServiceProcess } from '../service-parts.ts';
import type { MonitoringPrograms } from './find-programs.ts';
import { metricsTargets, prometheusConfig } from './prometheus-config.ts';

const prometheusOffset = 8;
const alertmanagerOffset = 9;
const readyTimeoutMs = 60_000;
const readyAnswerMs = 1_000;
const stopGraceMs = 6_000;
const files = fileURLToPath(new URL('../../../../deploy/prometheus/', import.meta.url));

/** Addresses of the pages of the running programs; `alertmanager` is null where it is not installed. */
export type MonitoringUrls = Readonly<{ prometheus: string; alertmanager: string | null }>;

/** The stack that is watched, and where the programs keep their data and logs. */
export type MonitoringOptions = Readonly<{
  programs: MonitoringPrograms;
  processes: readonly ServiceProcess[];
  host: string;
  portBase: number;
  dataDir: string;
  logDir: string;
  onSpawn: (part: Part) => void;
}>;

/** Returns the ports of the programs that watch the stack. */
export const monitoringPorts = ({ alertmanager }: MonitoringPrograms, portBase: number): PortNeed[] => [
  { port: portBase + prometheusOffset, purpose: 'Prometheus' },
  ...(alertmanager === null ? [] : [{ port: portBase + alertmanagerOffset, purpose: 'Alertmanager' }]),
];

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/-/ready`, { signal: AbortSignal.timeout(readyAnswerMs) })).ok;
  } catch {
    // It is still starting, or has ended: the caller looks at the process.
    return false;
  }
}

type Program = Readonly<{ name: string; command: string; args: readonly string[]; url: string }>;

async function start({ name, command, args, url }: Program, options: MonitoringOptions): Promise<void> {
  const part = new Part({
    process: { name, command, args, logFile: join(options.logDir, `${name}.log`) },
    isReady: async () => answers(url),
    readyTimeoutMs,
    stopGraceMs,
    onSpawn: options.onSpawn,
  });
  await part.start();
}

function alertmanagerOf(command: string, { host, portBase, dataDir }: MonitoringOptions): Program {
  const address = `${host}:${portBase + alertmanagerOffset}`;
  const args = [
    `--config.file=${join(files, 'alertmanager.yml')}`,
    `--storage.path=${join(dataDir, 'alertmanager')}`,
    `--web.listen-address=${address}`,
    // It is the only one.
    '--cluster.listen-address=',
  ];
  return { name: 'alertmanager', command, args, url: `http://${address}` };
}

function prometheusOf(options: MonitoringOptions): Program {
  const { programs, processes, host, portBase, dataDir } = options;
  const address = `${host}:${portBase + prometheusOffset}`;
  const config = join(dataDir, 'prometheus.yml');
  const alertmanager = programs.alertmanager === null ? null : `${host}:${portBase + alertmanagerOffset}`;
  const targets = metricsTargets(processes, { host, portBase });
  const targetFiles = join(dataDir, 'targets', '*.json');
  const rules = join(files, 'rules', '*.yaml');
  writeFileSync(config, prometheusConfig({ targets, targetFiles, rules, alertmanager }));
  const args = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(dataDir, 'prometheus')}`,
    '--storage.tsdb.retention.time=15d',
    // docs/tracing.md: from a graph to a trace.
    '--enable-feature=exemplar-storage',
    `--web.listen-address=${address}`,
  ];
  return { name: 'prometheus', command: programs.prometheus, args, url: `http://${address}` };
}

/**
 * Starts Prometheus with the rules of deploy/prometheus on the metrics of all processes, and Alertmanager where it is
 * installed. Resolves when both answer. Rejects with AppError like {@link Part.ready}.
 */
export async function startMonitoring(options: MonitoringOptions): Promise<MonitoringUrls> {
  // Made here, so that Prometheus sees files that are put there later.
  mkdirSync(join(options.dataDir, 'targets'), { recursive: true });
  const { alertmanager: command } = options.programs;
  const prometheus = prometheusOf(options);
  const alertmanager = command === null ? null : alertmanagerOf(command, options);
  const programs = alertmanager === null ? [prometheus] : [prometheus, alertmanager];
  await Promise.all(programs.map(async (program) => start(program, options)));
  return { prometheus: prometheus.url, alertmanager: alertmanager?.url ?? null };
}
