import type { Principal } from '@tidings/http';
import { AppError, refused } from '@tidings/runtime';
import type { RowRequest } from '../ports.ts';

/** Returns the rows of a request as the principal of a list would see them. */
export const principalOf = ({ workspaceId, ownerId }: RowRequest): Principal => ({
  keyId: '',
  workspaceId,
  consumerId: ownerId,
  scopes: new Set(),
});

/**
 * Parses the filter of a request as the parameters of a list. Throws AppError `unprocessable` with a pointer into the
 * body for each fault.
 */
export const readFilter = <T>({ filter }: RowRequest, parse: (filter: RowRequest['filter']) => T): T => {
  const page = ['limit', 'cursor'].find((name) => Object.hasOwn(filter, name));
  if (page !== undefined) {
    throw refused([{ pointer: `/filter/${page}`, detail: 'is no filter: an export has no pages' }]);
  }
  try {
    return parse(filter);
  } catch (error) {
    if (!(error instanceof AppError) || error.details === undefined) throw error;
    throw refused(error.details.map(({ pointer, detail }) => ({ pointer: `/filter${pointer}`, detail })));
  }
};

/** Returns the earlier of two times; undefined is later than any. */
export const earlier = (atMs: number | undefined, otherMs: number): number =>
  Math.min(atMs ?? otherMs, otherMs);
