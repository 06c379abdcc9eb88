import { mergedMembers } from '@tidings/http';
import { type Target, type WriteParts, type Written, writeVersion } from '../registry/write-version.ts';
import { type Consumer, withDetails } from './domain/consumer.ts';
import type { ConsumerChangeBody } from './domain/consumer-body.ts';

/** PATCH: merges details into what is set (RFC 7396). */
export const changeConsumer = async (
  parts: WriteParts<Consumer>,
  target: Target,
  patch: ConsumerChangeBody,
): Promise<Written<Consumer>> =>
  writeVersion(parts, target, {
    operation: 'changed',
    change: (current) => {
      const details = mergedMembers(current.details, patch) as ConsumerChangeBody;
      return withDetails(current, { details, isActive: current.state === 'active' }, parts.clock.nowMs());
    },
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
