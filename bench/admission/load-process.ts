import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Spread } from '../percentiles.ts';

/** One sender: a key, with so many connections, and in an open loop requests a second. */
export type Sender = Readonly<{ key: string; connections?: number; perSecond?: number }>;

/** A load. `closed`: each connection waits for its answer; `open`: requests are sent when they are due. */
export type Load = Readonly<{
  kind: 'closed' | 'open';
  url: string;
  seconds: number;
  senders: readonly Sender[];
}>;

/** The result of the load of one sender. Times in milliseconds. */
export type Outcome = Readonly<{
  /** All events that were accepted, with those of the first second, in which connections open. */
  accepted: number;
  acceptedPerSecond: number;
  refusedPerSecond: number;
  acceptMs: Spread;
  refuseMs: Spread;
  statuses: Readonly<Record<number, number>>;
  refusedWithoutRetryAfter: number;
  /** The longest delay of a request behind the time when it was due. */
  behindMs: number;
}>;

/** Returns the sum of a number of all senders. */
export const sum = (outcomes: readonly Outcome[], of: (outcome: Outcome) => number): number =>
  outcomes.reduce((total, outcome) => total + of(outcome), 0);

/** Returns the largest of the senders: none of them may be served worse than what is printed. */
export const worst = (outcomes: readonly Outcome[], of: (outcome: Outcome) => number): number =>
  Math.max(...outcomes.map(of));

/** The process that sends the load. */
export type LoadProcess = Readonly<{
  pid: number;
  run(load: Load): Promise<readonly Outcome[]>;
  stop(): void;
}>;

/** Starts the process that sends the load. */
export function startLoadProcess(): LoadProcess {
  const child = fork(fileURLToPath(new URL('./senders.js', import.meta.url)), { serialization: 'advanced' });
  return {
    pid: child.pid ?? 0,
    run: async (load) => {
      child.send(load);
      return ((await once(child, 'message')) as [readonly Outcome[]])[0];
    },
    stop: () => child.disconnect(),
  };
}
