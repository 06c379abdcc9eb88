import { type Target, type WriteParts, type Written, writeVersion } from '../registry/write-version.ts';
import type { DisableBody, EnableBody } from './domain/request-body.ts';
import { deleted, disabled, enabled, type Subscription } from './domain/subscription.ts';

/** Stops deliveries to a subscription; a disabled one remains unchanged, with its first reason. */
export const disableSubscription = async (
  parts: WriteParts<Subscription>,
  target: Target,
  body: DisableBody,
): Promise<Written<Subscription>> =>
  writeVersion(parts, target, {
    operation: 'disabled',
    change: (current) => disabled(current, body.reason ?? 'manual', parts.clock.nowMs()),
  });

/**
 * Writes the last version of a subscription. Document and record remain for 15 days, so that late deliveries find it.
 */
export const deleteSubscription = async (
  parts: WriteParts<Subscription>,
  target: Target,
): Promise<Written<Subscription>> =>
  writeVersion(parts, target, {
    operation: 'deleted',
    change: (current) => deleted(current, parts.clock.nowMs()),
  });

/**
 * Enables a subscription; an active one remains unchanged. The history service redrives or discards its dead letters,
 * as the new version states.
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
