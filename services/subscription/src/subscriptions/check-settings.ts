import type { ConsumerId } from '@tidings/contracts';
import { checkHeader } from '@tidings/egress';
import { checkFilter } from '@tidings/filters';
import type { ErrorDetail } from '@tidings/json';
import { refuseFaults } from '../registry/refuse-faults.ts';
import { type HeaderField, headerPointer } from './domain/header-rules.ts';
import { type SettingsBody, settingsFaults } from './domain/settings.ts';
import type { CheckEndpoint } from './ports.ts';

/** Returns the faults of a filter, as fan-out finds them when it compiles it; pointers begin at the filter itself. */
export function filterFaults(filter: Readonly<Record<string, unknown>>): readonly ErrorDetail[] {
  const check = checkFilter(filter);
  return check.ok ? [] : check.errors;
}

// The rules that the HTTP client applies when it sends a header.
const headerFaults = (
  field: HeaderField,
  headers: Readonly<Record<string, unknown>>,
): readonly ErrorDetail[] =>
  Object.entries(headers).flatMap(([name, value]) => {
    const check = checkHeader(name, typeof value === 'string' ? value : '');
    return check.ok ? [] : [{ pointer: headerPointer(field, name), detail: check.detail }];
  });

/** Returns the faults of an endpoint by the rules of its workspace, in addition to the operator's. */
export const httpFaults = (
  { allowHttp }: Readonly<{ allowHttp: boolean }>,
  { endpoint_url: url }: SettingsBody,
): readonly ErrorDetail[] =>
  allowHttp || url === undefined || !/^http:/i.test(url)
    ? []
    : [{ pointer: '/endpoint_url', detail: 'must be https: this workspace does not allow http' }];

/** Returns the fault of an audience that the owner cannot have: what is internal is not for partners. */
export const audienceFaults = (
  owner: ConsumerId | null,
  { audience }: SettingsBody,
): readonly ErrorDetail[] =>
  audience !== 'internal' || owner === null
    ? []
    : [
        {
          pointer: '/audience',
          detail: "may be 'internal' only without a consumer_id: a partner never receives internal events",
        },
      ];

const nothing = { faults: [], warnings: [] };

/** Validates the named fields. Throws AppError `unprocessable` with a pointer for each fault; returns warnings. */
export async function checkSettings(
  checkEndpoint: CheckEndpoint,
  body: SettingsBody,
  more: readonly ErrorDetail[] = [],
): Promise<readonly ErrorDetail[]> {
  const url = body.endpoint_url === undefined ? nothing : await checkEndpoint(body.endpoint_url);
  const filter = body.filters === undefined || body.filters === null ? [] : filterFaults(body.filters);
  const faults: readonly ErrorDetail[] = [
    ...url.faults.map((detail) => ({ pointer: '/endpoint_url', detail })),
    ...filter.map(({ pointer, detail }) => ({ pointer: `/filters${pointer}`, detail })),
    ...headerFaults('headers', body.headers ?? {}),
    ...headerFaults('secret_headers', body.secret_headers ?? {}),
    ...settingsFaults(body),
    ...more,
  ];
  refuseFaults(faults);
  return url.warnings.map((detail) => ({ pointer: '/endpoint_url', detail }));
}
