import type { Readable } from 'node:stream';

type Terminal = Readable & Partial<Readonly<{ isTTY: boolean; setRawMode(isRaw: boolean): void }>>;

const interrupt = '\u0003';

/** Calls a function for each pressed key of these, if standard input is a terminal. Returns what ends it, or null. */
export function onKeys(
  stdin: Terminal,
  actions: Readonly<{ resend(): void; quit(): void; interrupt(): void }>,
): (() => void) | null {
  if (stdin.isTTY !== true || stdin.setRawMode === undefined) return null;
  const onData = (chunk: Buffer | string): void => {
    for (const key of String(chunk)) {
      if (key === 'r') actions.resend();
      if (key === 'q') actions.quit();
      // A terminal in raw mode sends no signal for Ctrl-C.
      if (key === interrupt) actions.interrupt();
    }
  };
  stdin.setRawMode(true);
  stdin.on('data', onData);
  return () => {
    stdin.off('data', onData);
    stdin.setRawMode?.(false);
    stdin.pause();
  };
}
