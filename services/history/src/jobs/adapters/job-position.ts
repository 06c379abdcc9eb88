import { timePositionOf } from '../../adapters/time-position.ts';
import type { JobPosition } from '../ports.ts';

/** Parses the position of a cursor in a list of jobs. Throws AppError `invalid-request`. */
export const jobPositionOf = (value: unknown): JobPosition => {
  const [createdAtMs, id] = timePositionOf(value);
  return { createdAtMs, id };
};
