import { applicationOf } from '../api/request-headers.ts';
import { texts } from '../texts/index.ts';

/** Returns the name of the application: partners are not told which product their partner uses. */
export const productName = (): string => (applicationOf() === 'portal' ? texts.portalTitle : texts.product);
