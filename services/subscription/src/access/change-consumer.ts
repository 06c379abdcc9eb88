import { type Target, type WriteParts, type Written, writeVersion } from '../registry/write-version.ts';
import { type Consumer, type ConsumerDetails, withDetails } from './domain/consumer.ts';

/** PATCH: puts the named details in the place of what was. */
export const changeConsumer = async (
  parts: WriteParts<Consumer>,
  target: Target,
  details: Partial<ConsumerDetails>,
): Promise<Written<Consumer>> =>
  writeVersion(parts, target, {
    operation: 'changed',
    change: (current) =>
      withDetails(current, { details, isActive: current.state === 'active' }, parts.clock.nowMs()),
  });

/** Switches a consumer on or off: no key or token of a disabled one is let in. */
export const switchConsumer = async (
  parts: WriteParts<Consumer>,
  target: Target,
  isActive: boolean,
): Promise<Written<Consumer>> =>
  writeVersion(parts, target, {
    operation: isActive ? 'enabled' : 'disabled',
    change: (current) => withDetails(current, { details: {}, isActive }, parts.clock.nowMs()),
  });
