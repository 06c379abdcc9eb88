import { AppError } from '@tidings/runtime';
import type { ObjectStorage } from './object-storage.ts';

/**
 * Gets an object that is read within `timeoutMs`, to the last byte of its body. Past it, rejects with AppError
 * `unavailable`, or ends the body with it: no storage and no network can hold up the caller for longer.
 */
export async function getWithin(
  storage: Pick<ObjectStorage, 'get'>,
  key: string,
  timeoutMs: number,
): ReturnType<ObjectStorage['get']> {
  const late = new AppError({
    code: 'unavailable',
    message: `The object storage did not send '${key}' within ${timeoutMs} ms.`,
    retryable: true,
  });
  let isLate = false;
  let onDue: () => void = () => {};
  const timer = setTimeout(() => {
    isLate = true;
    onDue();
  }, timeoutMs);
  const getting = storage.get(key).then((found) => {
    if (isLate) found?.body.destroy();
    return found;
  });
  try {
    const found = await Promise.race([
      getting,
      new Promise<never>((_resolve, reject) => {
        onDue = () => reject(late);
      }),
    ]);
    if (found === null) {
      clearTimeout(timer);
      return null;
    }
    onDue = () => found.body.destroy(late);
    found.body.once('close', () => clearTimeout(timer));
    return found;
  } catch (error) {
    clearTimeout(timer);
    throw error;
  }
}
