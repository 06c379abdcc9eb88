import type { Logger, Metrics } from '@tidings/observability';
import { type Clock, PeriodicTask } from '@tidings/runtime';
import type { metricsCatalogue } from '../metrics.ts';
import type { FetchReadiness } from '../ports.ts';
import type { Instance, ServiceInstances } from './domain/service-instances.ts';

/** The services, and how the readiness of an instance is fetched. */
export type WatchOptions = Readonly<{
  services: readonly ServiceInstances[];
  fetchFrom: FetchReadiness;
  clock: Clock;
  logger: Logger;
  metrics: Metrics<typeof metricsCatalogue>['handles'];
}>;

/** Decides which instances get requests. A service of one instance is not watched: there is no other to take. */
export type InstanceWatch = Readonly<{
  /** Gives an instance that did not respond no more requests until it is ready. */
  failed: (service: ServiceInstances, instance: Instance, reason: string) => void;
  /** Looks whether an instance that closes its connections is about to stop. */
  check: (service: ServiceInstances, instance: Instance) => void;
  close: () => void;
}>;

// An instance that hangs is noticed by this alone; one that stops or has died also by the requests that it does not take.
const everyMs = 1_000;

/** Fetches the readiness of the instances of each service every second, and when a request gives reason to. */
export function watchInstances({ services, fetchFrom, clock, logger, metrics }: WatchOptions): InstanceWatch {
  const watched = services.filter(({ all }) => all.length > 1);
  const asked = new Set<Instance>();
  let isClosed = false;
  const show = (service: ServiceInstances): void =>
    metrics.instancesOut.set({ target: service.service }, service.out);
  const takeOut = (service: ServiceInstances, instance: Instance, reason: string): void => {
    if (!watched.includes(service) || !service.takeOut(instance)) return;
    logger.warn({ instance: instance.name, url: instance.url, reason }, 'instance.out');
    show(service);
  };
  const ask = async (service: ServiceInstances, instance: Instance): Promise<void> => {
    if (!watched.includes(service) || asked.has(instance)) return;
    asked.add(instance);
    const answer = await fetchFrom(instance);
    asked.delete(instance);
    if (isClosed) return;
    if (answer.kind === 'no-answer') return takeOut(service, instance, answer.reason);
    if (!answer.ready) return takeOut(service, instance, 'not ready');
    if (!service.putBack(instance)) return;
    logger.info({ instance: instance.name, url: instance.url }, 'instance.back');
    show(service);
  };
  const askAll = async (): Promise<void> => {
    const all = watched.flatMap((service) => service.all.map(async (instance) => ask(service, instance)));
    await Promise.all(all);
  };
  for (const service of services) show(service);
  const task = new PeriodicTask({ clock, firstMs: watched.length > 0 ? 0 : null, everyMs, run: askAll });
  return {
    failed: (service, instance, reason) => {
      takeOut(service, instance, reason);
      void ask(service, instance);
    },
    check: (service, instance) => void ask(service, instance),
    close: () => {
      isClosed = true;
      task.stop();
    },
  };
}
