import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { temporaryGroupsOf } from '@tidings/contracts';

/**
 * Returns the name of a group that only one process ever uses: it never commits, so the broker removes it by itself.
 * `reader`: whose right to such groups it is; `purpose`: what is read.
 */
export const temporaryGroup = (reader: string, purpose: string): string =>
  `${temporaryGroupsOf(reader)}${purpose}-${hostname()}-${randomUUID()}`;
