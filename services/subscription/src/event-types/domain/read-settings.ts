import type { ErrorDetail } from '@tidings/json';
import type { EventTypeSettings } from './event-type.ts';
import type { SettingsBody } from './request-body.ts';

const timeOf = (text: string | null | undefined, before: number | null): number | null =>
  text === undefined ? before : text === null ? null : Date.parse(text);

/** Returns `before` with the fields that the body sets. The times of the body must have been validated. */
export const readSettings = (body: SettingsBody, before: EventTypeSettings): EventTypeSettings => ({
  description: body.description === undefined ? before.description : body.description,
  group: body.group === undefined ? before.group : body.group,
  mode: body.mode ?? before.mode,
  audience: body.audience ?? before.audience,
  compatibility: body.compatibility ?? before.compatibility,
  exampleJson:
    body.example === undefined
      ? before.exampleJson
      : body.example === null
        ? null
        : JSON.stringify(body.example),
  deprecatedAtMs: timeOf(body.deprecated_at, before.deprecatedAtMs),
  sunsetAtMs: timeOf(body.sunset_at, before.sunsetAtMs),
});

const rfc3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/;

/** Returns the faults of the times of a body, by field. */
export function timeFaults(body: SettingsBody): readonly ErrorDetail[] {
  return (['deprecated_at', 'sunset_at'] as const).flatMap((field) => {
    const text = body[field];
    if (text === undefined || text === null) return [];
    if (rfc3339.test(text) && Date.parse(text) >= 0) return [];
    const detail = `must be an RFC 3339 date-time with a zone, such as 2027-01-31T00:00:00Z, got '${text}'`;
    return [{ pointer: `/${field}`, detail }];
  });
}
