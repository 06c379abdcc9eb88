import { type Target, type WriteParts, type Written, writeVersion } from '../registry/write-version.ts';
import { deleted, type Subscription } from './domain/subscription.ts';

/** Makes the last version of a subscription. Document and record stay for 15 days, so that late deliveries know of it. */
export const deleteSubscription = async (
  parts: WriteParts<Subscription>,
  target: Target,
): Promise<Written<Subscription>> =>
  writeVersion(parts, target, {
    operation: 'deleted',
    change: (current) => deleted(current, parts.clock.nowMs()),
  });
