import type { EventTypeAudience, EventTypeState } from '@tidings/contracts';
import type { ErrorDetail } from '@tidings/json';
import type { EventRequest } from './event-request.ts';

/** The findings in data: faults by pointer, or the number of steps after which the check was aborted. */
export type DataFindings = Readonly<{ faults: readonly ErrorDetail[] } | { gaveUpAfterSteps: number }>;

/** The reason why an event may not have its type, whatever its data. */
export type TypeRejection = Readonly<{ verdict: 'archived' | 'unaddressed'; fault: ErrorDetail }>;

/** Applies the rules of a type that do not depend on the data. */
export const refusalOf = (
  { state, audience }: Readonly<{ state: EventTypeState; audience: EventTypeAudience }>,
  { type, consumer_id: consumerId }: EventRequest,
): TypeRejection | null => {
  if (state === 'archived') {
    const detail = `'${type}' is archived: set its state to 'active' to accept its events again`;
    return { verdict: 'archived', fault: { pointer: '/type', detail } };
  }
  if (audience === 'addressed' && consumerId === undefined) {
    const detail = `is missing: '${type}' is an addressed type, so each event names the one consumer that may see it`;
    return { verdict: 'unaddressed', fault: { pointer: '/consumer_id', detail } };
  }
  return null;
};

/** Converts findings to faults of the event. */
export const dataFaultsOf = (findings: DataFindings): readonly ErrorDetail[] => {
  if ('gaveUpAfterSteps' in findings) {
    const detail =
      `could not be checked in ${findings.gaveUpAfterSteps} steps: ` +
      'send less data, or give the type a simpler schema';
    return [{ pointer: '/data', detail }];
  }
  return findings.faults.map(({ pointer, detail }) => ({ pointer: `/data${pointer}`, detail }));
};
