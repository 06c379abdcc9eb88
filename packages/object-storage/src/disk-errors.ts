import { AppError, messageOf } from '@tidings/runtime';

/** Returns the code of an error of the system, such as ENOENT; empty if it has none. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';

const advice: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: free space or use a larger one',
  EDQUOT: 'the disk quota is used up: free space or raise it',
  EROFS: 'the file system is read-only',
  EACCES: 'this process may not write there: change the owner or the mode',
  EPERM: 'this process may not write there: change the owner or the mode',
};

/** Returns the result of a file operation, or `otherwise` if there is no such file. */
export async function ifMissing<T, U>(operation: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await operation;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return otherwise;
    throw error;
  }
}

/** Runs file operations. Throws AppError `unavailable` with the reason, which a repeat alone does not remove. */
export async function atDisk<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskError(folder, error);
  }
}

/** Returns the error that {@link atDisk} throws for that of an operation. */
export function diskError(folder: string, error: unknown): AppError {
  if (error instanceof AppError) return error;
  const reason = advice[codeOf(error)] ?? messageOf(error);
  const message = `The object storage in ${folder} failed: ${reason}.`;
  return new AppError({ code: 'unavailable', message, cause: error, retryable: false });
}
