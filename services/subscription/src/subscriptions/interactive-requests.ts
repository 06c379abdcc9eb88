import { AppError } from '@tidings/runtime';

// Each one occupies a request until its endpoint responds.
const maxAtOnce = 16;
let underWay = 0;

/**
 * Runs a request to an endpoint while the API caller waits. Throws AppError `rate-limited` when too many are in
 * progress.
 */
export async function runInteractiveRequest<T>(run: () => Promise<T>): Promise<T> {
  if (underWay >= maxAtOnce) {
    const message = `${maxAtOnce} requests to endpoints are in progress, which is the maximum: repeat the request in a moment.`;
    throw new AppError({ code: 'rate-limited', message });
  }
  underWay += 1;
  try {
    return await run();
  } finally {
    underWay -= 1;
  }
}
