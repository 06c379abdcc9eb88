import type { Schemas } from '../../../api/client.ts';
import type { KeyValue } from '../../../parts/form/key-value-editor.tsx';
import { sameData } from '../../../parts/form/merge-form.ts';
import { mergePatchOf } from './merge-patch.ts';
import { readSchedule } from './schedule-text.ts';
import type { NewValues, Values } from './values.ts';

/** Returns the body that creates a subscription. */
export function newBody(values: NewValues): object {
  const { tls, rate_limit, consumer_id, secret } = values;
  return {
    ...commonOf(values),
    headers: plainOf(values.headers),
    secret_headers: secretOf(values.headers),
    filters: values.filters ?? null,
    signature_style: values.signature_style,
    ...(rate_limit.per_second.trim() === '' && rate_limit.burst.trim() === ''
      ? {}
      : { rate_limit: rateOf(rate_limit) }),
    ...(hasCertificates(tls) ? { tls: certificatesOf(tls) } : {}),
    ...(consumer_id.trim() === '' ? {} : { consumer_id: consumer_id.trim() }),
    ...(secret.trim() === '' ? {} : { secret: secret.trim() }),
    is_active: values.is_active,
    send_test: values.is_active && values.send_test,
  };
}

/** Returns the merge patch with what a form has changed; what it has not changed stays as it is by then. */
export function patchOf(base: Values, values: Values): Schemas['SubscriptionChange'] {
  const before: Readonly<Record<string, unknown>> = commonOf(base);
  const after: Readonly<Record<string, unknown>> = commonOf(values);
  const changed = Object.entries(after).filter(([name, value]) => !sameData(value, before[name]));
  const headers = headerPatch(base.headers, values.headers);
  const { tls, rate_limit } = values;
  return {
    ...Object.fromEntries(changed),
    ...headers,
    ...(base.signature_style === values.signature_style ? {} : { signature_style: values.signature_style }),
    ...(sameData(base.filters, values.filters)
      ? {}
      : { filters: mergePatchOf(base.filters, values.filters ?? null) }),
    ...(sameData(base.rate_limit, rate_limit)
      ? {}
      : { rate_limit: rate_limit.per_second.trim() === '' ? null : { burst: null, ...rateOf(rate_limit) } }),
    ...(tls.isRemoved ? { tls: null } : hasCertificates(tls) ? { tls: certificatesOf(tls) } : {}),
  } as Schemas['SubscriptionChange'];
}

const commonOf = (values: Values) => ({
  endpoint_url: values.endpoint_url.trim(),
  description: values.description.trim() === '' ? null : values.description,
  events: values.events,
  format: values.format,
  large_payloads: values.large_payloads,
  ordering: values.ordering,
  on_exhausted: values.on_exhausted,
  retry_schedule: scheduleOf(values),
  timeout_seconds: numberOf(values.timeout_seconds),
  max_in_flight: numberOf(values.max_in_flight),
  verify: values.verify,
});

// The API says what is wrong with a text that is no number.
const numberOf = (text: string): unknown =>
  text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);

const rateOf = ({ per_second, burst }: Values['rate_limit']) => ({
  per_second: numberOf(per_second),
  ...(burst.trim() === '' ? {} : { burst: numberOf(burst) }),
});

function scheduleOf({ schedule, retry_schedule }: Values): unknown {
  if (schedule !== 'custom') return schedule;
  const read = readSchedule(retry_schedule);
  return 'seconds' in read ? read.seconds : retry_schedule;
}

const hasCertificates = ({ ca, certificate, key }: Values['tls']): boolean =>
  [ca, certificate, key].some((text) => text.trim() !== '');

const certificatesOf = ({ ca, certificate, key }: Values['tls']) =>
  Object.fromEntries(Object.entries({ ca, certificate, key }).filter(([, text]) => text.trim() !== ''));

const plainOf = (rows: readonly KeyValue[]) =>
  Object.fromEntries(rows.filter(({ isSecret }) => !isSecret).map(({ name, value }) => [name, value]));

const secretOf = (rows: readonly KeyValue[]) =>
  Object.fromEntries(
    rows.filter(({ isSecret }) => isSecret).map(({ name, value, isKept }) => [name, isKept ? true : value]),
  );

/** Returns the changes of both kinds of headers. A stored secret that is kept is not named. */
function headerPatch(before: readonly KeyValue[], after: readonly KeyValue[]): object {
  if (sameData(before, after)) return {};
  const headers = mergePatchOf(plainOf(before), plainOf(after));
  const secret_headers = mergePatchOf(secretOf(before), secretOf(after));
  return {
    ...(sameData(headers, {}) ? {} : { headers }),
    ...(sameData(secret_headers, {}) ? {} : { secret_headers }),
  };
}
