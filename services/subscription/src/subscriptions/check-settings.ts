import { refuseFaults } from '../registry/refuse-faults.ts';
import type { Fault } from './domain/fault.ts';
import { headerPointer } from './domain/header-rules.ts';
import { type SettingsBody, settingsFaults } from './domain/settings.ts';
import type { CheckEndpoint, CheckFilter, CheckHeader } from './ports.ts';

/** Checks that require adapters outside the domain. */
export type SettingsChecks = Readonly<{
  checkEndpoint: CheckEndpoint;
  checkHeader: CheckHeader;
  checkFilter: CheckFilter;
}>;

/** Returns the faults of an endpoint by the rules of its workspace, in addition to the operator's. */
export const httpFaults = (
  { allowHttp }: Readonly<{ allowHttp: boolean }>,
  { endpoint_url: url }: SettingsBody,
): readonly Fault[] =>
  allowHttp || url === undefined || !/^http:/i.test(url)
    ? []
    : [{ pointer: '/endpoint_url', detail: 'must be https: this workspace does not allow http' }];

const nothing = { faults: [], warnings: [] };

/** Validates the named fields. Throws AppError `unprocessable` with a pointer for each fault; returns warnings. */
export async function checkSettings(
  { checkEndpoint, checkHeader, checkFilter }: SettingsChecks,
  body: SettingsBody,
  more: readonly Fault[] = [],
): Promise<readonly Fault[]> {
  const url = body.endpoint_url === undefined ? nothing : await checkEndpoint(body.endpoint_url);
  const filter = body.filters === undefined || body.filters === null ? [] : checkFilter(body.filters);
  const faults: readonly Fault[] = [
    ...url.faults.map((detail) => ({ pointer: '/endpoint_url', detail })),
    ...filter.map(({ pointer, detail }) => ({ pointer: `/filters${pointer}`, detail })),
    ...(['headers', 'secret_headers'] as const).flatMap((field) =>
      Object.entries(body[field] ?? {}).flatMap(([name, value]) => {
        const detail = checkHeader(name, typeof value === 'string' ? value : '');
        return detail === null ? [] : [{ pointer: headerPointer(field, name), detail }];
      }),
    ),
    ...settingsFaults(body),
    ...more,
  ];
  refuseFaults(faults);
  return url.warnings.map((detail) => ({ pointer: '/endpoint_url', detail }));
}
