import { createHash } from 'node:crypto';

/** Returns a digest that distinguishes two records of one version. */
export const digestOf = (value: Buffer): string => createHash('sha1').update(value).digest('base64');
