import type { DataErased } from '@tidings/contracts';
import type { ExportSpec } from './export-spec.ts';

/** The parts of an export on which its content depends. */
export type ExportedRows = Readonly<{ workspaceId: string; ownerId: string | null }> &
  Readonly<{ spec: Pick<ExportSpec, 'of' | 'filter'> }>;

/**
 * Returns true if the file of an export may contain what an erasure covers. What its filter by status or time matched
 * when it was read is not known any more, so only its owner, and filters by consumer or event, exclude it.
 */
export const mayContain = (
  { workspaceId, ownerId, spec: { of, filter } }: ExportedRows,
  { workspaceId: erased, scope }: Pick<DataErased, 'workspaceId' | 'scope'>,
): boolean => {
  if (of === 'audit' || workspaceId !== erased) return false;
  if (scope.kind === 'event') return (filter['event_id'] ?? scope.eventId) === scope.eventId;
  const { consumerId } = scope;
  return (ownerId ?? consumerId) === consumerId && (filter['consumer_id'] ?? consumerId) === consumerId;
};
