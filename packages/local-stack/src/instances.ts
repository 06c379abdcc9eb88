import { AppError } from '@tidings/runtime';

import type { ServiceProcess, ServiceSpec } from './service-parts.ts';

/** The number of instances of each process, or of those processes and services that are named. */
export type Instances = number | Readonly<Record<string, number>>;

/** The ports of the second and further instances, each of which has as many as a first one. */
const furtherOffset = 40;
const portsOfInstance = 8;

const numbered = (name: string, instance: number, count: number): string =>
  count === 1 ? name : `${name}-${instance}`;

const instanceOf = ({ name, portOffset }: ServiceSpec, instance: number, count: number): ServiceSpec =>
  count === 1
    ? { name, portOffset }
    : {
        name,
        instance,
        portOffset:
          instance === 1 ? portOffset : furtherOffset + portsOfInstance * (instance - 2) + portOffset,
      };

const times = (process: ServiceProcess, count: number): readonly ServiceProcess[] =>
  Array.from({ length: count }, (_, at) => ({
    ...process,
    name: numbered(process.name, at + 1, count),
    services: process.services.map((spec) => instanceOf(spec, at + 1, count)),
  }));

/**
 * Runs processes several times. A number applies to each process. A name of a process applies to it, that of a service
 * takes the service out of its process into processes of its own. The console has the public port: unless it is named, it
 * runs once, in a process of its own where the process that it is in runs several times. Throws AppError `config-invalid`
 * for a name that is neither.
 */
export function multiply(
  processes: readonly ServiceProcess[],
  instances: Instances,
): readonly ServiceProcess[] {
  const counts = typeof instances === 'number' ? {} : instances;
  const services = processes.flatMap((process) => process.services.map(({ name }) => name));
  const known = new Set([...processes.map(({ name }) => name), ...services]);
  const unknown = Object.keys(counts).find((name) => !known.has(name));
  if (unknown !== undefined) {
    const message = `--instances must name processes or services (${[...known].join(', ')}), got '${unknown}'.`;
    throw new AppError({ code: 'config-invalid', message });
  }
  const every = typeof instances === 'number' ? instances : 1;
  return processes.flatMap((process) => {
    const count = counts[process.name] ?? every;
    const isApart = ({ name }: ServiceSpec): boolean =>
      name !== process.name && (counts[name] !== undefined || (name === 'console' && count > 1));
    const apart = process.services.filter(isApart).flatMap((spec) => {
      const own = { ...process, name: spec.name, services: [spec] };
      return times(own, counts[spec.name] ?? 1);
    });
    const rest = process.services.filter((spec) => !isApart(spec));
    const isOnlyConsole = process.name === 'console' && counts['console'] === undefined;
    const left = rest.length === 0 ? [] : times({ ...process, services: rest }, isOnlyConsole ? 1 : count);
    return [...apart, ...left];
  });
}
