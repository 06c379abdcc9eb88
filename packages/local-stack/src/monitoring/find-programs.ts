import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { AppError } from '@tidings/runtime';

/** Paths of the programs that watch a stack; `alertmanager` is null where it is not installed. */
export type MonitoringPrograms = Readonly<{ prometheus: string; alertmanager: string | null }>;

const isProgram = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    // Most folders of the path do not have it.
    return false;
  }
};

function find(names: readonly string[], path: string): string | null {
  const folders = path.split(delimiter).filter((folder) => folder !== '');
  const files = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return files.find(isProgram) ?? null;
}

/**
 * Finds Prometheus and Alertmanager in the folders of PATH. Throws AppError `unavailable`, which says how to install it,
 * without Prometheus.
 */
export function findMonitoring(env: NodeJS.ProcessEnv): MonitoringPrograms {
  const path = env['PATH'] ?? '';
  const prometheus = find(['prometheus'], path);
  if (prometheus === null) {
    const message =
      'Prometheus was not found on the PATH, and --monitoring needs it. Install it (Debian and Ubuntu: apt-get install prometheus prometheus-alertmanager; macOS: brew install prometheus), or start without --monitoring.';
    throw new AppError({ code: 'unavailable', message });
  }
  // Debian renames it.
  return { prometheus, alertmanager: find(['alertmanager', 'prometheus-alertmanager'], path) };
}
