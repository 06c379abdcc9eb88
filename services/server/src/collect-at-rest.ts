import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Clock } from '@tidings/runtime';

// The event loop is looked at this often, and at rest it is busy for at most this share of the time.
const lookEveryMs = 5_000;
const restingShare = 0.02;
// Less work leaves too little garbage for a collection, which takes some 100 ms.
const worthwhileMs = 2_000;

type Parts = Readonly<{ clock: Clock; collect: () => void }>;

/**
 * Collects the garbage of this process once when it comes to rest after work. V8 collects when memory is allocated, and a
 * process at rest allocates little: without this it keeps the memory of its last flood for minutes. Returns a function that ends it.
 */
export const startCollectingAtRest = ({ clock, collect }: Parts): (() => void) => {
  const busyMs = (): number => clock.monotonicMs() - clock.idleMs();
  let collectedAtMs = busyMs();
  let lookedAtMs = collectedAtMs;
  let cancel = (): void => {};
  const look = (): void => {
    const nowMs = busyMs();
    const isAtRest = nowMs - lookedAtMs <= lookEveryMs * restingShare;
    if (isAtRest && nowMs - collectedAtMs >= worthwhileMs) {
      collect();
      collectedAtMs = busyMs();
    }
    lookedAtMs = busyMs();
    cancel = clock.setTimer(look, lookEveryMs);
  };
  cancel = clock.setTimer(look, lookEveryMs);
  return () => cancel();
};

let exposed: (() => void) | undefined;

/** Collects all garbage of this process now. */
export const collectGarbage = (): void => {
  if (exposed === undefined) {
    // Node has no other way to it than its flag, which makes `gc` a global of contexts that are created later.
    setFlagsFromString('--expose-gc');
    exposed = runInNewContext('gc') as () => void;
  }
  exposed();
};
