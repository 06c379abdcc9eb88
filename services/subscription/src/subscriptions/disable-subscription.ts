import { type Target, type WriteParts, type Written, writeVersion } from '../registry/write-version.ts';
import type { DisableBody } from './domain/request-body.ts';
import { disabled, type Subscription } from './domain/subscription.ts';

/** Stops deliveries to a subscription; a disabled one stays as it is, with its first reason. */
export const disableSubscription = async (
  parts: WriteParts<Subscription>,
  target: Target,
  body: DisableBody,
): Promise<Written<Subscription>> =>
  writeVersion(parts, target, {
    operation: 'disabled',
    change: (current) => disabled(current, body.reason ?? 'manual', parts.clock.nowMs()),
  });
