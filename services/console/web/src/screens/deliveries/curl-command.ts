import type { Schemas } from '../../api/client.ts';

type Parts = Readonly<{
  delivery: Schemas['Delivery'];
  event: Schemas['EventDetail'] | undefined;
  /** The endpoint; undefined if the key may not see the subscription. */
  url: string | undefined;
}>;

/** Quotes a text for a POSIX shell, in which nothing within single quotes has a meaning. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * Returns a command that sends the last request of a delivery once more: its headers as they were recorded, in which
 * signatures and secrets are masked, and the event as body in the format `standard`.
 */
export function curlCommand({ delivery, event, url = 'https://endpoint.example' }: Parts): string {
  const headers = delivery.attempts.at(-1)?.request_headers ?? { 'content-type': 'application/json' };
  const fields = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((one) => `${name}: ${one}`),
  );
  const body = event === undefined ? null : bodyOf(event);
  return [
    `curl -sS -i -X POST ${quoted(url)}`,
    ...fields.map((field) => `-H ${quoted(field)}`),
    ...(body === null ? [] : [`--data-binary ${quoted(body)}`]),
  ].join(' \\\n  ');
}

const bodyOf = ({ id, type, time, data }: NonNullable<Parts['event']>): string =>
  JSON.stringify({ id, type, timestamp: time, data });
