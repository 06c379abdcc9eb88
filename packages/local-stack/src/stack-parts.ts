import { systemClock } from '@tidings/runtime';
import type { Part } from './processes/part.ts';
import { supervise } from './processes/supervise.ts';
import { instanceName, type ServiceProcess, type ServiceSpec } from './service-parts.ts';

/** The processes of a stack: those of services stop before those of stores and of monitoring. */
export type PartKind = 'service' | 'store';

/** The dependencies of {@link StackParts}. `onSpawn` is called whenever the process of a part runs, also again. */
export type StackPartsOptions = Readonly<{
  processes: readonly ServiceProcess[];
  restartBrokers: boolean;
  restartServices: boolean;
  print: (line: string) => void;
  isStopping: () => boolean;
  onSpawn: (part: Part) => void;
}>;

/** The stop grace of the stores. A service may take 20.5 s to drain; with this a whole stop takes at most 27 s. */
const storeStopGraceMs = 6_000;

/** The processes that run: known as soon as they are spawned, so that a stop finds them at any moment. */
export class StackParts {
  readonly #options: StackPartsOptions;
  readonly #parts: Readonly<Record<PartKind, Part[]>> = { service: [], store: [] };
  readonly #supervised = new Set<Part>();

  constructor(options: StackPartsOptions) {
    this.#options = options;
  }

  /** Returns the function that parts of a kind call when their process runs. One that is spawned during a stop is killed. */
  spawned(kind: PartKind): (part: Part) => void {
    const { isStopping, onSpawn } = this.#options;
    const parts = this.#parts[kind];
    return (part) => {
      if (!parts.includes(part)) parts.push(part);
      if (isStopping()) part.signal('SIGKILL');
      onSpawn(part);
    };
  }

  /** Returns the process id of each service and store. Services that share a process have the same. */
  pids(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      this.#all().flatMap((part) => this.#namesOf(part).map((name) => [name, part.pid])),
    );
  }

  /** Restarts from now on what ends, as the options say. */
  superviseAll(): void {
    for (const part of this.#all()) this.#supervise(part);
  }

  /**
   * Stops the processes of services, named by service or instance, and starts them again. Rejects as {@link Part.ready} does, after
   * all others are ready.
   */
  async restart(names: readonly string[]): Promise<void> {
    const isNamed = (part: Part): boolean =>
      this.#servicesOf(part).some((spec) => names.includes(spec.name) || names.includes(instanceName(spec)));
    const outcomes = await Promise.allSettled(
      this.#parts.service
        .filter(isNamed)
        .map(async (part) => part.restart().finally(() => this.#supervise(part))),
    );
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined && !this.#options.isStopping()) throw failed.reason;
  }

  async stopServices(): Promise<void> {
    await Promise.all(this.#parts.service.map((part) => part.stop()));
  }

  async stopStores(): Promise<void> {
    await Promise.all(this.#parts.store.map((part) => part.stop(storeStopGraceMs)));
  }

  killAll(): void {
    for (const part of this.#all()) part.signal('SIGKILL');
  }

  #all(): readonly Part[] {
    return [...this.#parts.service, ...this.#parts.store];
  }

  /** The services that a part runs, or its own name. */
  #namesOf(part: Part): readonly string[] {
    const services = this.#servicesOf(part);
    return services.length > 0 ? services.map(instanceName) : [part.name];
  }

  #servicesOf(part: Part): readonly ServiceSpec[] {
    return this.#options.processes.find(({ name }) => name === part.name)?.services ?? [];
  }

  #supervise(part: Part): void {
    if (this.#supervised.has(part)) return;
    this.#supervised.add(part);
    const { print, restartBrokers, restartServices, isStopping } = this.#options;
    const [restarts, adviceWhenLeft] = part.name.startsWith('broker-')
      ? [restartBrokers, 'Start the stack again; with --restart-brokers it restarts brokers itself.']
      : [restartServices || this.#parts.store.includes(part), 'Save one of its source files to restart it.'];
    const watched = supervise({ part, clock: systemClock, isStopping, print, restarts, adviceWhenLeft });
    watched
      .catch((error: unknown) => print(`${part.name} is no longer supervised: ${String(error)}`))
      .finally(() => this.#supervised.delete(part));
  }
}
