import { type Health, type HealthPart, messageOf } from '@tidings/runtime';
import type { Logger } from './logger.ts';

/** The parts of a service context that a start in the background needs. */
export type BackgroundStart = Readonly<{
  /** Prefix of the log line `<name>.not-started`. */
  name: string;
  logger: Logger;
  health: Health;
  /** Reports a failure. Default: a part `start`, which is registered only then. */
  part?: HealthPart;
}>;

/**
 * Runs the rest of a start that may have to wait for its dependencies, and returns at once. A failure is logged as
 * `<name>.not-started` and makes the service unready; its process keeps running to report it.
 */
export const startInBackground = (
  { name, logger, health, part }: BackgroundStart,
  work: () => Promise<void>,
): void => {
  work().catch((error: unknown) => {
    const detail = messageOf(error);
    logger.error({ error, detail }, `${name}.not-started`);
    (part ?? health.register('start')).down(detail);
  });
};
