import { type Target, type WriteParts, type Written, writeVersion } from '../registry/write-version.ts';
import type { EnableBody } from './domain/request-body.ts';
import { enabled, type Subscription } from './domain/subscription.ts';

/**
 * Lets a subscription receive again; an active one stays as it is. The history service sends what waits in dead-letters,
 * or discards it, as the new version says.
 */
export const enableSubscription = async (
  parts: WriteParts<Subscription>,
  target: Target,
  body: EnableBody,
): Promise<Written<Subscription>> =>
  writeVersion(parts, target, {
    operation: 'enabled',
    change: (current) => enabled(current, parts.clock.nowMs(), body.waiting),
  });
