import { backoffMs, type Clock, messageOf, sleep } from '@tidings/runtime';

import { describeEnd, type ProcessEnd } from './managed-process.ts';

const firstDelayMs = 250;
const maxDelayMs = 4_000;
/** A part that ran for this long restarts with the initial back-off. */
const settledMs = 30_000;

/** The parts of {@link Part} that supervision uses. */
export type SupervisedPart = Readonly<{
  name: string;
  ended: () => Promise<ProcessEnd>;
  /** A requested restart in progress: its process ended on purpose. */
  restarting: Promise<void> | null;
  spawn: () => Promise<void>;
}>;

/** Options for supervising one part. */
export type SuperviseOptions = Readonly<{
  part: SupervisedPart;
  clock: Clock;
  /** True from the moment the stack stops: a process that ends after that ended on purpose. */
  isStopping: () => boolean;
  /** Prints a line on the terminal. */
  print: (line: string) => void;
  /** False: report the end and do not restart. */
  restarts: boolean;
  /** Advice printed when the part is not restarted. */
  adviceWhenLeft?: string;
}>;

/** Watches a running part until the stack stops, and restarts it whenever it ends: after 250 ms, doubling to 4 s. */
export async function supervise(options: SuperviseOptions): Promise<void> {
  const { part, clock, isStopping, print } = options;
  for (let attempt = 1; ; attempt += 1) {
    const startedMs = clock.monotonicMs();
    const end = await part.ended();
    if (isStopping()) return;
    if (part.restarting !== null) {
      // The caller that requested the restart receives its error.
      await part.restarting.catch(() => null);
      attempt = 0;
      continue;
    }
    if (!options.restarts) {
      print(
        `${part.name} exited (${describeEnd(end)}) and is not restarted. ${options.adviceWhenLeft ?? ''}`.trim(),
      );
      return;
    }
    if (clock.monotonicMs() - startedMs >= settledMs) attempt = 1;
    const waitMs = backoffMs({ attempt, baseMs: firstDelayMs, maxMs: maxDelayMs, random: () => 1 });
    print(`${part.name} exited (${describeEnd(end)}); restarting in ${waitMs} ms`);
    await sleep(clock, waitMs);
    if (isStopping()) return;
    try {
      await part.spawn();
    } catch (error) {
      print(messageOf(error));
    }
  }
}
