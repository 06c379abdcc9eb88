type Listener = () => void;

/** A value outside React, for `useSyncExternalStore`. */
function store<T>(initial: T): {
  get: () => T;
  set: (value: T) => void;
  subscribe: (listener: Listener) => Listener;
} {
  let value = initial;
  const listeners = new Set<Listener>();
  return {
    get: () => value,
    set: (next) => {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of listeners) listener();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

const reachable = store(true);
const signedOut = store(false);

/** True if the last request got an answer. */
export const reachability = { get: reachable.get, subscribe: reachable.subscribe };

/** True if the API has refused the session since {@link resetSignedOut}. */
export const refusal = { get: signedOut.get, subscribe: signedOut.subscribe };

export const reportReachable = (isReachable: boolean): void => reachable.set(isReachable);
export const reportSignedOut = (): void => signedOut.set(true);
export const resetSignedOut = (): void => signedOut.set(false);
