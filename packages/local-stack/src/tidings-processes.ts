import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { type Instances, multiply } from './instances.ts';
import type { Program, ServiceProcess, ServiceSpec } from './service-parts.ts';

const repository = fileURLToPath(new URL('../../../', import.meta.url));

/** The services of Tidings. */
export const tidingsServices: readonly ServiceSpec[] = [
  { name: 'console', portOffset: 0 },
  { name: 'ingress', portOffset: 1 },
  { name: 'subscription', portOffset: 2 },
  { name: 'history', portOffset: 3 },
  { name: 'fanout', portOffset: 4 },
  { name: 'delivery', portOffset: 5 },
];

const builtServer: Program = {
  // A process at rest would collect its first megabyte twice a second, and each time visit what survived before. And one under
  // load would collect its old generation whenever that has grown by 8 MB, up to 25 ms every two seconds at 200 events a second.
  nodeArgs: ['--min-semi-space-size=4', '--heap-growing-percent=100'],
  entry: join(repository, 'services', 'server', 'dist', 'src', 'main.js'),
  settingsFromInput: true,
};

/** The same in a few files, which start in less time: `npm start` bundles it before. */
export const bundledServer: Program = {
  ...builtServer,
  entry: join(repository, 'services', 'server', 'dist', 'server.mjs'),
};

/**
 * A division of the services among processes: the path of an event and the management beside it (ADR 26), all in one, or
 * each in its own.
 */
export type ProcessForm = 'split' | 'together' | 'separate';

/** The services that an event passes, and the console, through which it may arrive. */
const pipeline: ReadonlySet<string> = new Set(['console', 'ingress', 'fanout', 'delivery']);

/**
 * Returns the processes of Tidings in a form. `instances`: how often each runs. Throws as {@link multiply} does.
 */
export function tidingsProcesses(
  form: ProcessForm,
  { program = builtServer, instances = 1 }: Readonly<{ program?: Program; instances?: Instances }> = {},
): readonly ServiceProcess[] {
  return multiply(processesIn(form, program), instances);
}

function processesIn(form: ProcessForm, program: Program): readonly ServiceProcess[] {
  if (form === 'together') return [{ name: 'tidings', services: tidingsServices, program }];
  if (form === 'split') {
    const on = (isOnPath: boolean) => tidingsServices.filter(({ name }) => pipeline.has(name) === isOnPath);
    return [
      { name: 'pipeline', services: on(true), program: withYoungGeneration(program, 32) },
      { name: 'management', services: on(false), program: withYoungGeneration(program, 4) },
    ];
  }
  return tidingsServices.map((service) => ({ name: service.name, services: [service], program }));
}

/**
 * Limits the young generation, of which V8 has two halves of at most so many MB (its default is 16). What the pipeline allocates is
 * garbage once a webhook is delivered: in a larger half less of it lives on until a collection, a tenth of the CPU time of a flood.
 * The management writes what it gets in batches, and needs less memory without losing time.
 */
function withYoungGeneration(program: Program, megabytes: number): Program {
  return { ...program, nodeArgs: [...(program.nodeArgs ?? []), `--max-semi-space-size=${megabytes}`] };
}
