export { hashOfKey, newApiKey, prefixOfKey } from './api-key.ts';
export { type ConsumerToken, signConsumerToken } from './consumer-token.ts';
export { accessMetrics } from './metrics.ts';
export { type Access, type AccessContext, openAccess } from './open-access.ts';
export { accessSettings } from './settings.ts';
