import { useSyncExternalStore } from 'react';

const everyMs = 1_000;
const listeners = new Set<() => void>();
let nowMs = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  nowMs = clockMs();
  listeners.add(listener);
  timer ??= setInterval(() => {
    nowMs = Date.now();
    for (const one of listeners) one();
  }, everyMs);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** Returns the time that texts are relative to: that of the last tick; the present one while nothing has asked for ticks. */
export function clockMs(): number {
  if (timer === undefined) nowMs = Date.now();
  return nowMs;
}

/** Returns a text that depends on the time, and renders again only when the text changes: one timer for all. */
export const useTimeText = (textAt: (nowMs: number) => string): string =>
  useSyncExternalStore(subscribe, () => textAt(clockMs()));
