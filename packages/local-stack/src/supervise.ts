import { backoffMs, type Clock, messageOf } from '@tidings/runtime';

import { describeEnd, type ProcessEnd } from './managed-process.ts';

const firstDelayMs = 250;
const maxDelayMs = 4_000;
/** A part that was up for this long starts its back-off anew. */
const settledMs = 30_000;

/** What supervision needs of a part; {@link Part} has it. */
export type SupervisedPart = Readonly<{
  name: string;
  ended: () => Promise<ProcessEnd>;
  /** A restart under way that somebody asked for: its process was meant to end. */
  restarting: Promise<void> | null;
  spawn: () => Promise<void>;
}>;

/** How one part is kept alive. */
export type SuperviseOptions = Readonly<{
  part: SupervisedPart;
  clock: Clock;
  /** True from the moment the stack stops: what ends after that was meant to. */
  isStopping: () => boolean;
  /** A line for the terminal. */
  print: (line: string) => void;
  /** False: say that it died and leave it. */
  restarts: boolean;
  /** What to say when it is left. */
  adviceWhenLeft?: string;
}>;

/** Watches a running part until the stack stops, and starts it again whenever it ends: after 250 ms, doubling to 4 s. */
export async function supervise(options: SuperviseOptions): Promise<void> {
  const { part, clock, isStopping, print } = options;
  for (let attempt = 1; ; attempt += 1) {
    const startedMs = clock.monotonicMs();
    const end = await part.ended();
    if (isStopping()) return;
    if (part.restarting !== null) {
      // Whoever asked for it hears why it failed.
      await part.restarting.catch(() => null);
      attempt = 0;
      continue;
    }
    if (!options.restarts) {
      print(`${part.name} died (${describeEnd(end)}) and stays down. ${options.adviceWhenLeft ?? ''}`.trim());
      return;
    }
    if (clock.monotonicMs() - startedMs >= settledMs) attempt = 1;
    const waitMs = backoffMs({ attempt, baseMs: firstDelayMs, maxMs: maxDelayMs, random: () => 1 });
    print(`${part.name} died (${describeEnd(end)}); starting it again in ${waitMs} ms`);
    await new Promise<void>((resolve) => {
      clock.setTimer(resolve, waitMs);
    });
    if (isStopping()) return;
    try {
      await part.spawn();
    } catch (error) {
      print(messageOf(error));
    }
  }
}
