import { join, resolve } from 'node:path';
import { AppError, systemClock } from '@tidings/runtime';
import { DataFolder, type StackSecrets } from './data-folder.ts';
import type { DemoInbox } from './demo/demo-inbox.ts';
import { startDemo } from './demo/start-demo.ts';
import { ephemeralPorts, warnOfEphemeral } from './ephemeral-ports.ts';
import { withGivenSecrets } from './given-secrets.ts';
import type { Instances } from './instances.ts';
import { describeStack, type LocalState, writeLocalState } from './local-state.ts';
import { findMonitoring, type MonitoringPrograms } from './monitoring/find-programs.ts';
import { type MonitoringUrls, monitoringPorts, startMonitoring } from './monitoring/start-monitoring.ts';
import { type PortNeed, requireFreePorts } from './ports.ts';
import type { Part } from './processes/part.ts';
import {
  consolesOf,
  instanceName,
  operatorOffset,
  type ServiceProcess,
  type ServiceSurroundings,
  servicePart,
} from './service-parts.ts';
import { StackParts } from './stack-parts.ts';
import { recordedBrokerCount } from './stores/brokers.ts';
import { type Stores, startStores, storePorts } from './stores/stack-stores.ts';
import { type ProcessForm, tidingsProcesses } from './tidings-processes.ts';

const host = '127.0.0.1';
const inboxOffset = 6;
const defaultWorkspace = 'ws_demo';
const portSetting = 'npm start -- --port-base N';

/** Options for running the whole system on this machine. */
export type LocalStackOptions = Readonly<{
  dataDir: string;
  /** null: the number that the data was created with, else 1. */
  brokers: number | null;
  /** Kafka and MongoDB without the services. */
  onlyStack: boolean;
  restartBrokers: boolean;
  /** Restarts a service that exits. Default: true. */
  restartServices?: boolean;
  /** The console's port; the others follow. */
  portBase: number;
  /** Seeds the demo workspace and runs its inbox. */
  demo: boolean;
  /** Runs Prometheus, and Alertmanager where it is installed, on the metrics of the services. Default: false. */
  monitoring?: boolean;
  /** KAFKA_BROKERS and MONGODB_URI name external clusters to use; the rest is passed to the services. */
  env: NodeJS.ProcessEnv;
  /** Prints a line on the terminal. */
  print: (line: string) => void;
  /** The division of the services among processes. */
  form: ProcessForm;
  /** The number of instances. Default: one of each. */
  instances?: Instances;
  /** Default: those of Tidings. */
  processes?: readonly ServiceProcess[];
}>;

const openPromise = <T>() => {
  let resolve = (_value: T): void => {};
  let reject = (_reason: unknown): void => {};
  const promise = new Promise<T>((onValue, onReason) => {
    resolve = onValue;
    reject = onReason;
  });
  return { promise, resolve, reject };
};

/** Kafka, MongoDB, the services and the demo as one unit: {@link start}, then {@link stop}. */
export class LocalStack {
  readonly #options: LocalStackOptions;
  readonly #processes: readonly ServiceProcess[];
  readonly #abort = new AbortController();
  readonly #parts: StackParts;
  #folder: DataFolder | null = null;
  #inbox: DemoInbox | null = null;
  #monitoring: MonitoringUrls | null = null;
  #starting: Promise<LocalState> | null = null;
  #state: LocalState | null = null;

  constructor(options: LocalStackOptions) {
    this.#options = options;
    const { onlyStack, form, processes, instances = 1 } = options;
    this.#processes = onlyStack ? [] : (processes ?? tidingsProcesses(form, { instances }));
    const { print, restartBrokers, restartServices = true } = options;
    this.#parts = new StackParts({
      ...{ processes: this.#processes, print, restartBrokers, restartServices },
      isStopping: this.#isStopping,
      onSpawn: (part) => {
        // Recorded at once, so that the next start finds it.
        this.#folder?.recordProcess(part.name, part.pid);
        this.#writeState();
      },
    });
  }

  /** The URL at which operators see the state of each service; null without services. */
  get operatorUrl(): string | null {
    const { onlyStack, portBase } = this.#options;
    return onlyStack ? null : `http://${host}:${portBase + operatorOffset}`;
  }

  /** The URL of the demo inbox's page; null without a demo. */
  get inboxUrl(): string | null {
    return this.#inbox?.url ?? null;
  }

  /** The pages of Prometheus and Alertmanager; null without monitoring. */
  get monitoringUrls(): MonitoringUrls | null {
    return this.#monitoring;
  }

  /**
   * Starts everything and resolves when all parts are ready and local.json is written. If it rejects, no process is
   * left running. AppErrors are for the user: print the message without the stack.
   */
  async start(): Promise<LocalState> {
    this.#starting = this.#start();
    try {
      return await this.#starting;
    } catch (error) {
      if (!this.#isStopping()) await this.#stopParts();
      throw error;
    }
  }

  /** Stops services first, then Kafka and MongoDB, within 27 s. May be called during a start. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#parts.stopServices();
    // A start in progress fails as soon as it detects the stop; its reason is irrelevant.
    await this.#starting?.catch(() => null);
    await this.#stopParts();
  }

  /**
   * Stops the processes of services, named by service, and starts them again from the current files. Resolves when all
   * of them are ready. Rejects as {@link Part.ready} does, after all others are ready; a process that did not start is
   * down until the next restart.
   */
  async restart(names: readonly string[]): Promise<void> {
    await this.#parts.restart(names);
  }

  /** Kills every process at once, without waiting: for a second Ctrl-C and for a parent that fails. */
  killNow(): void {
    this.#abort.abort();
    this.#parts.killAll();
  }

  readonly #isStopping = (): boolean => this.#abort.signal.aborted;

  async #start(): Promise<LocalState> {
    const { print, env, dataDir, monitoring = false, demo, onlyStack, portBase } = this.#options;
    const programs = monitoring ? findMonitoring(env) : null;
    const folder = DataFolder.open(dataDir);
    this.#folder = folder;
    const left = await folder.endLeftovers();
    if (left.length > 0) print(`stopped processes of an earlier start: ${left.join(', ')}`);
    const secrets = withGivenSecrets(folder.secrets(), env);
    const count = this.#options.brokers ?? recordedBrokerCount(folder.kafka) ?? 1;
    const ports = this.#neededPorts(count, programs);
    const warning = warnOfEphemeral(ports, ephemeralPorts());
    if (warning !== null) print(`warning: ${warning}`);
    await requireFreePorts(host, ports, portSetting);
    const surroundings = openPromise<ServiceSurroundings>();
    const spawning = this.#spawnServices(folder, surroundings.promise);
    const stores = await startStores({
      env,
      folder,
      brokerCount: count,
      host,
      portBase,
      portSetting,
      signal: this.#abort.signal,
      print,
      timed: (label, work) => this.#timed(label, work),
      onSpawn: this.#parts.spawned('store'),
    }).catch((error: unknown) => {
      surroundings.reject(error);
      throw error;
    });
    const around = { ...this.#identity(secrets), ...stores };
    surroundings.resolve(around);
    await this.#startServices(spawning);
    if (programs !== null) await this.#startMonitoring(folder, programs);
    this.#state = describeStack(around);
    this.#writeState();
    this.#parts.superviseAll();
    if (demo && !onlyStack) {
      this.#refuseWhenStopping();
      const apiUrl = this.#state.url ?? '';
      const place = { apiUrl, adminKey: around.adminKey, host, port: portBase + inboxOffset };
      this.#inbox = await startDemo({ folder, ...place, print });
    }
    return this.#state;
  }

  #identity(secrets: StackSecrets): Omit<ServiceSurroundings, keyof Stores> {
    return {
      host,
      portBase: this.#options.portBase,
      services: this.#processes.flatMap(({ services }) => services),
      adminKey: secrets.adminKey,
      sealingKeys: secrets.sealingKeys,
      objectFolder: resolve(this.#options.dataDir, 'objects'),
      spoolFolder: resolve(this.#options.dataDir, 'spool'),
      workspaceId: this.#options.env['WORKSPACE_ID'] ?? defaultWorkspace,
    };
  }

  #neededPorts(brokers: number, programs: MonitoringPrograms | null): PortNeed[] {
    const { portBase, env, demo, onlyStack } = this.#options;
    const services = this.#processes.flatMap((process) => process.services);
    const needs = services.map((spec) => ({ port: portBase + spec.portOffset, purpose: instanceName(spec) }));
    for (const spec of consolesOf(services)) {
      const port = portBase + spec.portOffset + operatorOffset;
      needs.push({ port, purpose: `${instanceName(spec)} for operators` });
    }
    if (demo && !onlyStack) needs.push({ port: portBase + inboxOffset, purpose: 'demo inbox' });
    if (programs !== null) needs.push(...monitoringPorts(programs, portBase));
    return [...needs, ...storePorts(env, portBase, brokers)];
  }

  /** Starts the processes of the services, which load their code while the stores start. */
  #spawnServices(folder: DataFolder, around: Promise<ServiceSurroundings>): Promise<readonly Part[]> {
    const onSpawn = this.#parts.spawned('service');
    const { env: own, portBase } = this.#options;
    const place = { host, portBase };
    const parts = this.#processes.map((process) =>
      servicePart({ process, place, around, own, logDir: folder.logs, onSpawn }),
    );
    const spawning = Promise.all(parts.map((part) => part.spawn())).then(() => parts);
    // It is awaited once the stores are ready, unless they fail first.
    spawning.catch(() => {});
    return spawning;
  }

  async #startServices(spawning: Promise<readonly Part[]>): Promise<void> {
    if (this.#processes.length === 0) return;
    await this.#timed('services', async () => {
      this.#refuseWhenStopping();
      const parts = await spawning;
      await Promise.all(parts.map((part) => part.ready()));
    });
  }

  async #startMonitoring(folder: DataFolder, programs: MonitoringPrograms): Promise<void> {
    const { portBase } = this.#options;
    this.#monitoring = await this.#timed('monitoring', async () => {
      this.#refuseWhenStopping();
      return startMonitoring({
        programs,
        processes: this.#processes,
        host,
        portBase,
        dataDir: join(folder.path, 'monitoring'),
        logDir: folder.logs,
        onSpawn: this.#parts.spawned('store'),
      });
    });
  }

  #writeState(): void {
    if (this.#state === null || this.#folder === null || this.#isStopping()) return;
    this.#state = { ...this.#state, pids: this.#parts.pids() };
    writeLocalState(this.#folder.localFile, this.#state);
  }

  async #timed<T>(label: string, work: () => Promise<T>): Promise<T> {
    const { print } = this.#options;
    const startedMs = systemClock.monotonicMs();
    print(`starting ${label}`);
    const result = await work();
    print(`${label} ready after ${((systemClock.monotonicMs() - startedMs) / 1000).toFixed(1)} s`);
    return result;
  }

  #refuseWhenStopping(): void {
    if (this.#isStopping()) throw new AppError({ code: 'closed', message: 'the stack is being stopped' });
  }

  async #stopParts(): Promise<void> {
    this.#abort.abort();
    await this.#parts.stopServices();
    await this.#inbox?.close();
    await this.#parts.stopStores();
    this.#folder?.release();
  }
}
