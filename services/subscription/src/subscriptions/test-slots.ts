import { AppError } from '@tidings/runtime';

// Each holds a request of ours open for as long as its endpoint likes.
const maxAtOnce = 16;
let underWay = 0;

/** Runs what waits for an endpoint while a caller waits for us. Throws AppError `rate-limited` when too many do. */
export async function inTestSlot<T>(run: () => Promise<T>): Promise<T> {
  if (underWay >= maxAtOnce) {
    const message = `${maxAtOnce} tests are under way, which is as many as there may be: repeat it in a moment.`;
    throw new AppError({ code: 'rate-limited', message });
  }
  underWay += 1;
  try {
    return await run();
  } finally {
    underWay -= 1;
  }
}
