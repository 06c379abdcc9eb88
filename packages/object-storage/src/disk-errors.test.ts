import { AppError } from '@tidings/runtime';
import { expect, it } from 'vitest';
import { atDisk, ifMissing } from './disk-errors.ts';

const failing = (code: string) => async (): Promise<never> => {
  throw Object.assign(new Error(`${code}: operation failed`), { code });
};

it.each([
  ['ENOSPC', 'the disk is full'],
  ['EDQUOT', 'the disk quota is used up'],
  ['EROFS', 'the file system is read-only'],
  ['EACCES', 'this process may not write there'],
  ['EIO', 'EIO: operation failed'],
])('explains %s, which a repeat alone does not remove', async (code, text) => {
  const failure = atDisk('/data', failing(code));
  await expect(failure).rejects.toMatchObject({ code: 'unavailable', retryable: false });
  await expect(failure).rejects.toThrow(`The object storage in /data failed: ${text}`);
});

it('keeps an error that has its reason, and takes a missing file for nothing', async () => {
  const error = new AppError({ code: 'internal', message: 'a reason' });
  await expect(
    atDisk('/data', async () => {
      throw error;
    }),
  ).rejects.toBe(error);
  expect(await ifMissing(failing('ENOENT')(), null)).toBeNull();
  await expect(ifMissing(failing('EIO')(), null)).rejects.toThrow('EIO');
});
