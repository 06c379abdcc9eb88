import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { anAnsweringApi } from '../cli-under-test.ts';

const source = `src_${'1'.repeat(32)}`;

/** Writes a secret to a file as an editor does; returns the option's value that reads it. */
function aSecretFile(secret: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'secret.txt');
  writeFileSync(file, `${secret}\n`);
  return `@${file}`;
}

it.each([
  [
    'create',
    ['github', '--secret', 'text of twenty letters'],
    { secrets: ['first of two', 'text of twenty letters'] },
  ],
  ['rotate', [source], { secret: 'first of two' }],
])(
  'reads a secret of sources %s from a file, so that no list of processes shows it',
  async (name, args, body) => {
    const api = await anAnsweringApi(() => ({ body: {} }));
    const { code } = await api.run('sources', name, '--secret', aSecretFile('first of two'), ...args);
    expect(code).toBe(0);
    expect(api.requests[0]?.body).toMatchObject(body);
  },
);
