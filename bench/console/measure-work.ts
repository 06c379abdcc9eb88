import { setTimeout as pause } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import type { ConsoleStub } from './api-stub.ts';
import { metricsOf, open } from './measured-page.ts';

/** Input of {@link measureWork}. `rate`: messages a second. */
export type WorkOptions = Readonly<{ browser: Browser; stub: ConsoleStub; rate: number }>;

/** The work of the live tail, and what somebody sees of it. */
export type Work = Readonly<{
  /** Share of the main thread, in percent. */
  mainThreadPercent: number;
  /** Frames that were drawn in the measured time, and the longest time between two of them. */
  frames: number;
  longestPauseMs: number;
  /** The smallest and the largest number of rows in the document at any frame: the same while nothing flickers. */
  fewestRows: number;
  mostRows: number;
}>;

type Frames = Omit<Work, 'mainThreadPercent'>;

const measuredSeconds = 10;
// The table is full before, so that its rows do not grow any more.
const settleMs = 4_000;

/** Opens the live tail at a rate, and looks at each frame for some seconds. */
export async function measureWork({ browser, stub, rate }: WorkOptions): Promise<Work> {
  const opened = await open(browser);
  const { page } = opened;
  stub.stream({ messages: rate * (measuredSeconds + 10), perSecond: rate });
  await page.goto(`${stub.url}/tail`);
  await pause(settleMs);
  const before = await metricsOf(opened);
  const frames = await page.evaluate(watchFrames, measuredSeconds * 1_000);
  const after = await metricsOf(opened);
  await opened.close();
  const spent = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0);
  const share = spent('TaskDuration') / spent('Timestamp');
  return { mainThreadPercent: Math.round(share * 1_000) / 10, ...frames };
}

type Page = Readonly<{
  document: { querySelectorAll: (selector: string) => { length: number } };
  requestAnimationFrame: (drawn: (nowMs: number) => void) => void;
}>;

/** Runs in the page: counts the rows of the table at each frame. */
const watchFrames = async (forMs: number): Promise<Frames> => {
  const { document, requestAnimationFrame } = globalThis as unknown as Page;
  const counts: number[] = [];
  const pauses: number[] = [];
  const untilMs = performance.now() + forMs;
  let lastMs = performance.now();
  await new Promise<void>((resolve) => {
    const look = (nowMs: number): void => {
      counts.push(document.querySelectorAll('[role=table] [role=row]').length);
      pauses.push(nowMs - lastMs);
      lastMs = nowMs;
      if (nowMs < untilMs) requestAnimationFrame(look);
      else resolve();
    };
    requestAnimationFrame(look);
  });
  return {
    frames: counts.length,
    longestPauseMs: Math.round(Math.max(...pauses)),
    fewestRows: Math.min(...counts),
    mostRows: Math.max(...counts),
  };
};
