/** Work that can wait for a turn of the event loop. */
export type Turn = () => void;

// Some 2 ms of refusals in a turn.
const leastAtOnce = 32;
const partOfAll = 64;

/**
 * Returns a function that runs work in later turns of the event loop, in order: in each 32 pieces, or a 64th of all that wait if that
 * is more. For answers that may come a little later. libuv reads sockets in rounds of 1,024, up to 48 of them while each is
 * full, and runs timers only then: with more senders than that, which write again as soon as they are answered, one turn took
 * seconds. An answer after the reading ends the turn, and between two parts of the answers the process does its other work.
 */
export function createTurns(): (turn: Turn) => void {
  const waiting: Turn[] = [];
  let isScheduled = false;
  const schedule = (): void => {
    isScheduled = true;
    setImmediate(work);
  };
  const work = (): void => {
    isScheduled = false;
    const count = Math.max(leastAtOnce, Math.ceil(waiting.length / partOfAll));
    for (const turn of waiting.splice(0, count)) turn();
    if (waiting.length > 0 && !isScheduled) schedule();
  };
  return (turn) => {
    waiting.push(turn);
    if (!isScheduled) schedule();
  };
}
