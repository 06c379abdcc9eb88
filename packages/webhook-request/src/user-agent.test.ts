import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { userAgent } from './request-headers.ts';

it('the user agent has the version of the package', () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  expect(userAgent).toBe(`Tidings/${version}`);
});
