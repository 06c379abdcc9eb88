import { createHash } from 'node:crypto';

/** What tells two records of one version apart. */
export const digestOf = (value: Buffer): string => createHash('sha1').update(value).digest('base64');
