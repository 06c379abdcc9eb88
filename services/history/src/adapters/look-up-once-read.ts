import type { Table } from '@tidings/kafka';
import { AppError } from '@tidings/runtime';

/**
 * Returns a look-up in a table. It throws AppError `unavailable` for a key that is not there, until all of the table has been
 * read. `what`: the plural of what it has, for people.
 */
export function lookUpOnceRead<V>(
  table: Pick<Table<V>, 'get' | 'ready'>,
  what: string,
): (key: string) => V | undefined {
  let isReady = false;
  void table.ready().then(() => {
    isReady = true;
  });
  return (key) => {
    const value = table.get(key);
    if (value === undefined && !isReady)
      throw new AppError({ code: 'unavailable', message: `The ${what} are still being read.` });
    return value;
  };
}
