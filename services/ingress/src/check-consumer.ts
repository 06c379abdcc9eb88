import type { WorkspaceId } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import type { EventLocation, EventRequest } from './domain/event-request.ts';
import type { PolicyOf } from './ports.ts';

/** Throws if an event names a consumer that is not allowed. */
export type CheckConsumer = (request: EventRequest, location: EventLocation) => void;

/** Dependencies of the consumer check. */
export type ConsumerCheckDependencies = Readonly<{
  policyOf: PolicyOf;
  isKnown(workspaceId: WorkspaceId, consumerId: string): boolean;
}>;

/**
 * Rejects an event for a consumer that a strict workspace does not contain: no subscription would receive it.
 * An open workspace accepts it: the consumer is created when a subscription names it.
 */
export const createCheckConsumer =
  ({ policyOf, isKnown }: ConsumerCheckDependencies): CheckConsumer =>
  ({ consumer_id: requested }, { workspaceId, pointer }) => {
    if (requested == null || policyOf(workspaceId) === 'open' || isKnown(workspaceId, requested)) return;
    const at = `${pointer}/consumer_id`;
    const detail = `There is no consumer '${requested}' in this workspace: register it first.`;
    const details = [{ pointer: at, detail }];
    throw new AppError({ code: 'unprocessable', message: detail, details });
  };
