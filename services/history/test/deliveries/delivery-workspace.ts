import { randomUUID } from 'node:crypto';
import { type AttemptRecorded, newEventId, workspaceId } from '@tidings/contracts';
import { anAttemptRecord } from '@tidings/testing/messages';
import type { DeliveryFilters } from '../../src/deliveries/ports.ts';

/** Returns a new workspace, so that several tests can share one store. */
export const aWorkspace = () => {
  const workspace = workspaceId(`ws_${randomUUID()}`);
  const scope: DeliveryFilters = { workspaceId: workspace, ownerId: null };
  const attempt = (over: Partial<AttemptRecorded> = {}) =>
    anAttemptRecord(1, { workspaceId: workspace, eventId: newEventId(Date.now()), ...over });
  return { workspace, scope, attempt };
};
