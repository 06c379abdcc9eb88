import { type Target, type WriteParts, type Written, writeVersion } from '../registry/write-version.ts';
import { enabled } from './domain/subscription.ts';

/** Lets a subscription receive again; an active one stays as it is. */
export const enableSubscription = async (parts: WriteParts, target: Target): Promise<Written> =>
  writeVersion(parts, target, {
    operation: 'enabled',
    change: (current) => enabled(current, parts.clock.nowMs()),
  });
