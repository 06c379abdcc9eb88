import type { Instance, ServiceInstances } from './domain/service-instances.ts';
import type { InstanceWatch } from './watch-instances.ts';

/**
 * Sends a request of the console itself to an instance of a service, and to the others in turn if it rejects. `ask` gets
 * the URL of the instance; what it asks for may happen twice. Rejects with the last error.
 */
export async function askService<T>(
  service: ServiceInstances,
  watch: Pick<InstanceWatch, 'failed'>,
  ask: (url: string) => Promise<T>,
): Promise<T> {
  const tried = new Set<Instance>();
  let last: unknown = new Error(`${service.service} has no instances`);
  for (;;) {
    const instance = service.pick(tried);
    if (instance === null) throw last;
    tried.add(instance);
    const end = service.begin(instance);
    try {
      return await ask(instance.url);
    } catch (error) {
      last = error;
      watch.failed(service, instance, String(error));
    } finally {
      end();
    }
  }
}
