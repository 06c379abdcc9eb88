import type { ErrorDetail } from '@tidings/json';
import { AppError, refused } from '@tidings/runtime';
import { inBody } from './domain/event-request.ts';
import { dataFaultsOf, refusalOf } from './domain/event-type-rules.ts';
import type { EventDraft } from './domain/stamp-event.ts';
import type { CheckEventType, CheckPorts, EventLocation, EventTypeEntry, EventTypeNotice } from './ports.ts';

const maxKnownShown = 20;
const maxWarnings = 5;
const notAllowed = 'The event is not what its type allows';

/**
 * Validates an event against its registered type. Returns null, or a notice for the 202. Throws AppError
 * `unprocessable` if the type does not allow the event, and `unavailable` while the types are not loaded:
 * accepting unchecked events would break the guarantee at every start of a process.
 */
export const createCheckEventType = (ports: CheckPorts): CheckEventType => {
  const { eventTypes, policyOf, metrics } = ports;
  return (draft, location) => {
    const { request } = draft;
    if (!eventTypes.isLoaded()) throw notLoaded();
    const { workspaceId, pointer } = location;
    const entry = eventTypes.find(workspaceId, request.type);
    if (entry === undefined) {
      if (policyOf(workspaceId) === 'open') {
        ports.onUnregistered(workspaceId, request.type);
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
    const warnings = warningsOf(entry, draft, { location, ports });
    return entry.state === 'deprecated' || warnings.length > 0 ? noticeOf(entry, warnings) : null;
  };
};

const none: readonly ErrorDetail[] = [];

function warningsOf(
  { mode, checkData }: EventTypeEntry,
  { request: { type, data }, data: json }: EventDraft,
  { location, ports }: Readonly<{ location: EventLocation; ports: CheckPorts }>,
): readonly ErrorDetail[] {
  if (mode === 'off' || checkData === null) return none;
  const { metrics, logger } = ports;
  const faults = dataFaultsOf(checkData(data, json));
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
