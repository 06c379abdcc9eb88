import { AppError } from '@tidings/runtime';
import type { Fault } from './domain/fault.ts';
import { headerPointer } from './domain/header-rules.ts';
import { settingsFaults } from './domain/read-settings.ts';
import type { SettingsBody } from './domain/request-body.ts';
import type { CheckEndpoint, CheckFilter, CheckHeader } from './ports.ts';

/** The checks that need more than the domain knows. */
export type SettingsChecks = Readonly<{
  checkEndpoint: CheckEndpoint;
  checkHeader: CheckHeader;
  checkFilter: CheckFilter;
}>;

const maxFaults = 20;

/** Throws AppError `unprocessable` with a pointer for everything that is wrong with the named fields. */
export async function checkSettings(
  { checkEndpoint, checkHeader, checkFilter }: SettingsChecks,
  body: SettingsBody,
  more: readonly Fault[] = [],
): Promise<void> {
  const url = body.endpoint_url === undefined ? [] : await checkEndpoint(body.endpoint_url);
  const filter = body.filters === undefined || body.filters === null ? [] : checkFilter(body.filters);
  const faults: readonly Fault[] = [
    ...url.map((detail) => ({ pointer: '/endpoint_url', detail })),
    ...filter.map(({ pointer, detail }) => ({ pointer: `/filters${pointer}`, detail })),
    ...Object.entries(body.headers ?? {}).flatMap(([name, value]) => {
      const detail = checkHeader(name, value);
      return detail === null ? [] : [{ pointer: headerPointer(name), detail }];
    }),
    ...settingsFaults(body),
    ...more,
  ];
  const [first] = faults;
  if (first === undefined) return;
  const message = `The body breaks a rule: ${first.pointer} ${first.detail}.`;
  throw new AppError({ code: 'unprocessable', message, details: faults.slice(0, maxFaults) });
}
