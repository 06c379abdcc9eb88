import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

/**
 * Returns the name of a group that only one process ever uses: it never commits, so the broker removes it by itself.
 */
export const temporaryGroup = (purpose: string): string => `${purpose}-${hostname()}-${randomUUID()}`;
