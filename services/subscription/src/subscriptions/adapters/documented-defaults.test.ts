import { readFileSync } from 'node:fs';
import { defaultRetryScheduleSeconds } from '@tidings/contracts';
import { expect, it } from 'vitest';
import { serveInMemory } from '../../../test/memory/in-memory-api.ts';
import { aBody } from '../../../test/registry-api.ts';

const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');

/** Name and default of each row in the table of fields. */
const rows = [...readme.matchAll(/^\| `(\w+)` \| .* \| (.*) \|$/gm)].map(([, field = '', text = '']) => ({
  field,
  text: text.trim().replaceAll('`', ''),
}));

// Fields without a default of their own, and fields that are not part of a response.
const others = ['endpoint_url', 'events', 'kind', 'secret', 'send_test', 'is_active'];

it('the defaults in the README are those of a new subscription', async () => {
  const { call } = await serveInMemory();
  const { body } = await call('POST', '', { body: aBody() });
  const shown = Object(body) as Record<string, unknown>;
  const compared = rows.filter(({ field }) => field in shown && !others.includes(field));
  const schedule = JSON.stringify(defaultRetryScheduleSeconds);
  const said = (value: unknown): string => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return text === schedule ? 'default' : text;
  };
  expect(Object.fromEntries(compared.map(({ field, text }) => [field, text]))).toEqual(
    Object.fromEntries(compared.map(({ field }) => [field, said(shown[field])])),
  );
  expect(compared.map(({ field }) => field)).toEqual(
    expect.arrayContaining(['on_exhausted', 'ordering', 'format', 'timeout_seconds', 'max_in_flight', 'tls']),
  );
});
