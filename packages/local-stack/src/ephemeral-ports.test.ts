import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

import { ephemeralPorts, warnOfEphemeral } from './ephemeral-ports.ts';

const needs = [8_700, 8_707, 8_730].map((port) => ({ port, purpose: 'x' }));
const moved = (by: number) => needs.map(({ port, purpose }) => ({ port: port + by, purpose }));
const linux = { first: 32_768, last: 60_999 };

test('the range is that of the system, or that of RFC 6335 if it is unknown', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-ports-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'range');
  writeFileSync(file, '32768\t60999\n');
  expect(ephemeralPorts(file)).toEqual(linux);
  writeFileSync(file, 'nonsense');
  expect(ephemeralPorts(file)).toEqual({ first: 49_152, last: 65_535 });
  expect(ephemeralPorts(join(folder, 'nowhere'))).toEqual({ first: 49_152, last: 65_535 });
});

test('ports outside the range cause no warning', () => {
  expect(warnOfEphemeral(needs, linux)).toBeNull();
  expect(warnOfEphemeral(moved(60_000 - 8_700 + 1_000), linux)).toBeNull();
});

test('ports in the range cause a warning with the highest safe base', () => {
  expect(warnOfEphemeral(moved(32_740 - 8_700), linux)).toBe(
    'this system hands out the ports 32768 to 60999 to outgoing connections, so 1 of the ' +
      "stack's ports (32770 to 32770) may be taken when a part starts again. Choose a --port-base of at most 32737.",
  );
});
