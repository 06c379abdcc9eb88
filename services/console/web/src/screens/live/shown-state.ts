/** A state of the tail as it is shown: `silent` if the stream is open, and nothing has come for too long. */
export type TailStateName = 'connecting' | 'open' | 'held' | 'silent' | 'interrupted';

/** The stream as it is now. `heardMs`: time at which something last came; null if nothing has. */
export type Heard = Readonly<{
  state: 'connecting' | 'open' | 'interrupted';
  heardMs: number | null;
  isHeld: boolean;
  nowMs: number;
}>;

// The API sends a heartbeat after 15 s without a message.
const silentMs = 20_000;

/** Returns the state to show. */
export function shownState({ state, heardMs, isHeld, nowMs }: Heard): TailStateName {
  if (state !== 'open') return state;
  if (heardMs !== null && nowMs - heardMs > silentMs) return 'silent';
  return isHeld ? 'held' : 'open';
}
