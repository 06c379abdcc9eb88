import type { Clock, Resources } from '@tidings/runtime';
import type { Metrics } from './create-metrics.ts';
import type { Logger } from './logger.ts';

/**
 * Parts that all services of one process share. `name`: that of its only service, else `tidings`. `resources` are
 * closed after those of every service.
 */
export type ProcessContext = Readonly<{
  name: string;
  logger: Logger;
  /** The process's own metrics: Node, and connections that several services use. */
  metrics: Metrics<Record<never, never>>;
  resources: Resources;
  clock: Clock;
  /**
   * Returns what the first call with this key opened. A resource that has to be closed is added to `resources` by
   * `open`.
   */
  once<T>(key: string, open: () => T): T;
}>;

/** Returns the `once` function of a process. */
export function createOnce(): ProcessContext['once'] {
  const opened = new Map<string, unknown>();
  return <T>(key: string, open: () => T): T => {
    if (!opened.has(key)) opened.set(key, open());
    return opened.get(key) as T;
  };
}
