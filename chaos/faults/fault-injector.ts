import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HistoryWriter } from '../history/history-writer.ts';
import type { StackProcess } from '../run/stack-process.ts';
import { isBroker, type SystemFault } from './plan-faults.ts';
import type { SmallDisk } from './small-disk.ts';
import type { TcpProxy } from './tcp-proxy.ts';

const send = (pid: number, signal: NodeJS.Signals): boolean => {
  try {
    return process.kill(pid, signal);
  } catch {
    // It has ended meanwhile, and is being started again.
    return false;
  }
};

// A member of a group that says nothing for this long is taken for dead, and another one takes its partitions.
const sessionMs = 5_000;

/**
 * Returns whether what was in flight may be repeated: after a kill, and a full disk, which ends a broker; after a pause beyond a
 * session; and where a response was lost. A slower network, a full disk of a spool and a wrong clock repeat nothing.
 */
const canRepeat = ({ fault, target, forMs }: SystemFault): boolean => {
  if (fault === 'kill' || fault === 'reset') return true;
  if (fault === 'fill') return isBroker(target);
  if (fault === 'partition') return forMs >= sessionMs || !isBroker(target);
  return fault === 'stop' && forMs >= sessionMs;
};

export type FaultInjectorOptions = Readonly<{
  stack: StackProcess;
  history: HistoryWriter;
  /** The proxies in front of brokers and endpoints, by target. */
  networks: ReadonlyMap<string, readonly TcpProxy[]>;
  /** The disks of brokers and spools, by target. */
  disks: ReadonlyMap<string, SmallDisk>;
  /** The folder that shifted-clock.mjs and ShiftedClock.java read. */
  clockFolder: string;
}>;

/** Does planned faults to the parts of a stack, and writes them down. */
export class FaultInjector {
  readonly #options: FaultInjectorOptions;
  readonly #ending = new Map<() => void, NodeJS.Timeout>();

  constructor(options: FaultInjectorOptions) {
    this.#options = options;
    mkdirSync(options.clockFolder, { recursive: true });
  }

  async inject(planned: SystemFault): Promise<void> {
    const { fault, target, forMs, amountMs } = planned;
    const end = await this.#begin(planned);
    if (end === null) return;
    const at = Date.now();
    const stepMs = fault === 'clock-step' ? amountMs : 0;
    this.#options.history.write({
      ...({
        kind: 'fault',
        fault,
        target,
        at,
        until: at + forMs,
        canRepeat: canRepeat(planned),
        stepMs,
      } as const),
    });
    if (forMs > 0)
      this.#ending.set(
        end,
        setTimeout(() => this.#end(end), forMs),
      );
  }

  /** Ends every fault that still lasts. */
  end(): void {
    for (const end of [...this.#ending.keys()]) this.#end(end);
  }

  #end(end: () => void): void {
    clearTimeout(this.#ending.get(end));
    this.#ending.delete(end);
    end();
  }

  /** Returns a function that ends the fault, or null if its target is away at the moment. */
  async #begin({ fault, target, amountMs }: SystemFault): Promise<(() => void) | null> {
    const { stack, networks, disks, clockFolder } = this.#options;
    const pid = (await stack.local()).pids[target];
    const network = networks.get(target) ?? [];
    switch (fault) {
      case 'kill':
        return pid !== undefined && send(pid, 'SIGKILL') ? () => {} : null;
      case 'stop':
        return pid !== undefined && send(pid, 'SIGSTOP') ? () => void send(pid, 'SIGCONT') : null;
      case 'clock-step': {
        if (pid === undefined) return null;
        const file = join(clockFolder, String(pid));
        writeFileSync(file, String(amountMs));
        return () => rmSync(file, { force: true });
      }
      case 'fill':
        return (await disks.get(target)?.fill()) ?? null;
      case 'delay':
        for (const proxy of network) proxy.delay(amountMs);
        break;
      case 'partition':
        for (const proxy of network) proxy.partition();
        break;
      case 'reset':
        for (const proxy of network) proxy.reset();
        break;
    }
    if (network.length === 0) return null;
    return () => {
      for (const proxy of network) proxy.heal();
    };
  }
}
