import type { LargeData, SchemaMode, WorkspaceId } from '@tidings/contracts';
import type { ErrorDetail } from '@tidings/json';
import type { Logger, Metrics } from '@tidings/observability';
import { AppError, refused } from '@tidings/runtime';
import { type EventLocation, inBody } from './domain/event-request.ts';
import { dataFaultsOf, refusalOf } from './domain/event-type-rules.ts';
import type { EventDraft } from './domain/stamp-event.ts';
import type { metricsCatalogue } from './metrics.ts';
import type { EventTypeDirectory, EventTypeEntry, PolicyOf } from './ports.ts';

/** Notice to the caller about the type of an accepted event. Times are epoch milliseconds. */
export type EventTypeNotice = Readonly<{
  /** Past or future time from which the type is deprecated; null when it is not. */
  deprecatedAtMs: number | null;
  sunsetAtMs: number | null;
  /** Faults of the data, if the type only warns. */
  warnings: readonly ErrorDetail[];
}>;

/** Validates an event against its registered type; throws if it is not allowed. */
export type CheckEventType = (draft: EventDraft, location: EventLocation) => EventTypeNotice | null;

/** Dependencies of the event type check. */
export type EventTypeCheckDependencies = Readonly<{
  eventTypes: EventTypeDirectory;
  policyOf: PolicyOf;
  /** Called for every event whose type is not registered. Returns at once and never throws. */
  onUnregistered(workspaceId: WorkspaceId, name: string): void;
  logger: Logger;
  metrics: Metrics<typeof metricsCatalogue>['handles'];
}>;

const maxKnownShown = 20;
const maxWarnings = 5;
const notAllowed = 'The event is not what its type allows';

/**
 * Validates an event against its registered type. Returns null, or a notice for the 202. Throws AppError
 * `unprocessable` if the type does not allow the event, and `unavailable` while the types are not loaded:
 * accepting unchecked events would break the guarantee at every start of a process.
 */
export const createCheckEventType = (dependencies: EventTypeCheckDependencies): CheckEventType => {
  const { eventTypes, policyOf, metrics } = dependencies;
  return (draft, location) => {
    const { request } = draft;
    if (!eventTypes.isLoaded()) throw notLoaded();
    const { workspaceId, pointer } = location;
    const entry = eventTypes.find(workspaceId, request.type);
    if (entry === undefined) {
      if (policyOf(workspaceId) === 'open') {
        dependencies.onUnregistered(workspaceId, request.type);
        return null;
      }
      metrics.eventTypeChecks.inc({ verdict: 'unknown' });
      throw unknownType(request.type, eventTypes.names(workspaceId, maxKnownShown), pointer);
    }
    const refusal = refusalOf(entry, request);
    if (refusal !== null) {
      metrics.eventTypeChecks.inc({ verdict: refusal.verdict });
      throw refused(inBody([refusal.fault], pointer), notAllowed);
    }
    const warnings = warningsOf(entry, draft, { location, dependencies });
    return entry.state === 'deprecated' || warnings.length > 0 ? noticeOf(entry, warnings) : null;
  };
};

const none: readonly ErrorDetail[] = [];

function warningsOf(
  { mode, checkData }: EventTypeEntry,
  { request: { type, data }, data: json, large }: EventDraft,
  { location, dependencies }: Readonly<{ location: EventLocation; dependencies: EventTypeCheckDependencies }>,
): readonly ErrorDetail[] {
  if (mode === 'off' || checkData === null) return none;
  const { metrics, logger } = dependencies;
  const faults = large === undefined ? dataFaultsOf(checkData(data, json)) : [notChecked(large, mode)];
  if (faults.length === 0) {
    metrics.eventTypeChecks.inc({ verdict: 'valid' });
    return none;
  }
  metrics.eventTypeChecks.inc({ verdict: mode === 'enforce' ? 'invalid' : 'warned' });
  if (mode === 'enforce') throw refused(inBody(faults, location.pointer), notAllowed);
  const warnings = inBody(faults.slice(0, maxWarnings), location.pointer);
  // Pointers only: the detail texts quote the data.
  const pointers = warnings.map(({ pointer }) => pointer);
  logger.warn({ workspaceId: location.workspaceId, eventType: type, pointers }, 'event.schema-warned');
  return warnings;
}

const noticeOf = (entry: EventTypeEntry, warnings: readonly ErrorDetail[]): EventTypeNotice =>
  entry.state === 'deprecated'
    ? { deprecatedAtMs: entry.deprecatedAtMs ?? 0, sunsetAtMs: entry.sunsetAtMs, warnings }
    : { deprecatedAtMs: null, sunsetAtMs: null, warnings };

// Parsed, large data take many times their size in memory, and validating them holds up everybody else.
const notChecked = ({ bytes }: LargeData, mode: SchemaMode): ErrorDetail => ({
  pointer: '/data',
  detail:
    mode === 'enforce'
      ? `has ${bytes} bytes, too many to be validated: set the mode of its event type to 'warn' or 'off' to accept it`
      : `has ${bytes} bytes, too many to be validated`,
});

function notLoaded(): AppError {
  return new AppError({
    code: 'unavailable',
    message: 'This process has just started and does not know the event types yet: nothing was written.',
    isPublic: true,
    retryAfterMs: 1_000,
  });
}

function unknownType(name: string, known: readonly string[], pointer: string): AppError {
  const list = known.length === 0 ? 'none is registered' : `registered are ${known.join(', ')}`;
  const more = known.length === maxKnownShown ? ' and perhaps more' : '';
  const fault = { pointer: '/type', detail: `'${name}' is not registered; ${list}${more}` };
  return refused(inBody([fault], pointer), notAllowed);
}
