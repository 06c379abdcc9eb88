import { mergedMembers } from '@tidings/http';
import { type Target, type WriteParts, type Written, writeVersion } from '../registry/write-version.ts';
import { type Consumer, withDetails } from './domain/consumer.ts';
import type { ConsumerChangeBody } from './domain/consumer-body.ts';

/** Merges a patch into the details of a consumer (PATCH, RFC 7396). */
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

/** Enables or disables a consumer. Keys and tokens of a disabled consumer are refused. */
export const switchConsumer = async (
  parts: WriteParts<Consumer>,
  target: Target,
  isActive: boolean,
): Promise<Written<Consumer>> =>
  writeVersion(parts, target, {
    operation: isActive ? 'enabled' : 'disabled',
    change: (current) => withDetails(current, { details: {}, isActive }, parts.clock.nowMs()),
  });
