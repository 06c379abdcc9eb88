import { createHmac } from 'node:crypto';
import type { Target } from '../api/find-target.ts';

/**
 * Returns the secret that `tidings listen` signs with: the same for each start with the same key, so that a local server
 * keeps its configuration. Nothing stores it, and it reveals nothing of the key.
 */
export const listenSecret = ({ apiKey }: Target): string =>
  `whsec_${createHmac('sha256', apiKey).update('tidings listen').digest('base64')}`;
