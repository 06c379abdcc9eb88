import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { AppError, systemClock } from '@tidings/runtime';
import { watch } from 'chokidar';

import type { Instances } from '../instances.ts';
import type { LocalStack, LocalStackOptions } from '../local-stack.ts';
import { runLocalStack } from '../run-local-stack.ts';
import type { ServiceProcess } from '../service-parts.ts';
import { tidingsProcesses } from '../tidings-processes.ts';
import { ChangeCollector } from './change-collector.ts';
import { syntaxErrors } from './syntax-errors.ts';
import { TypeCheck } from './type-check.ts';
import { isSource, readWorkspace, servicesAffectedBy } from './workspace.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const quietMs = 60;

/**
 * Returns the services as they are in the repository: TypeScript sources, theirs and those of every package, without a
 * build. Each has its own process, so that a change restarts only the services that use it.
 */
function processesFromSource(instances: Instances): readonly ServiceProcess[] {
  const nodeArgs = ['--conditions=@tidings/source', `--import=${import.meta.resolve('tsx/esm')}`];
  const entry = join(root, 'services', 'server', 'src', 'main.ts');
  return tidingsProcesses('separate', { program: { entry, nodeArgs }, instances });
}

/**
 * Runs `npm run dev`: the stack of `npm start` with its services from source. A service restarts when a file that it
 * uses changes; a service that exits stays down until then. Resolves with the exit code.
 */
export async function runDevStack(options: LocalStackOptions): Promise<number> {
  const processes = processesFromSource(options.instances ?? 1);
  return runLocalStack({ ...options, processes, restartServices: false }, (stack) =>
    restartOnChange(stack, options.print),
  );
}

/** Restarts services of a running stack whenever their source changes, until the returned function is called. */
function restartOnChange(stack: LocalStack, print: (line: string) => void): () => Promise<void> {
  const members = readWorkspace(root);
  const types = new TypeCheck(root, print);
  const onChanges = async (files: readonly string[]): Promise<void> => {
    const services = servicesAffectedBy(files, { root, members });
    const errors = syntaxErrors(root, files);
    if (errors.length > 0) {
      for (const line of errors) print(line);
      print('the running services stay unchanged until these errors are fixed');
      return;
    }
    types.stop();
    if (services.length > 0) await restart(stack, services, print);
    types.start();
  };
  const collector = new ChangeCollector({
    clock: systemClock,
    quietMs,
    onChanges,
    onError: (error) => {
      if (!(error instanceof AppError)) throw error;
      print(`error: ${error.message}`);
    },
  });
  const folders = members.map(({ folder }) => join(root, folder, 'src'));
  const watcher = watch(folders, { ignoreInitial: true });
  watcher.on('all', (_, file) => {
    if (isSource(root, file)) collector.add(file);
  });
  print('watching the sources: a service restarts when one of its source files changes');
  return async () => {
    await watcher.close();
    types.stop();
    await collector.close();
  };
}

async function restart(
  stack: LocalStack,
  services: readonly string[],
  print: (line: string) => void,
): Promise<void> {
  const startedMs = systemClock.monotonicMs();
  print(`changed: ${services.join(', ')}`);
  await stack.restart(services);
  print(
    `restarted in ${((systemClock.monotonicMs() - startedMs) / 1000).toFixed(1)} s: ${services.join(', ')}`,
  );
}
