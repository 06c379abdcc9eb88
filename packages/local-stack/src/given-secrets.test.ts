import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { withGivenSecrets } from './given-secrets.ts';

const secret = 'a-secret-of-some-length';
const kept = { adminKey: 'kept-admin-key', sealingKeys: 'kept:x', demo: null };

function fileWith(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-given-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'secret');
  writeFileSync(path, content);
  return path;
}

test('secrets are read from settings or from files; the others are those that are kept', () => {
  expect(withGivenSecrets(kept, { ADMIN_KEY_FILE: fileWith(`${secret}\n`) })).toEqual({
    ...kept,
    adminKey: secret,
  });
  expect(withGivenSecrets(kept, { SEALING_KEYS: 'k1:x', ADMIN_KEY_FILE: '' })).toEqual({
    ...kept,
    sealingKeys: 'k1:x',
  });
});

test.each(['ADMIN_KEY', 'SEALING_KEYS', 'CONSOLE_SESSION_KEYS'])(
  '%s is refused in both, and from a file that is missing or empty',
  (name) => {
    const read = (env: Record<string, string>) => () => withGivenSecrets(kept, env);
    const ofFile = `${name}_FILE`;
    expect(read({ [name]: secret, [ofFile]: fileWith(secret) })).toThrow(
      `${name} and ${ofFile} are both set: remove one of them`,
    );
    expect(read({ [ofFile]: fileWith(' \n') })).toThrow(/it is empty$/);
    expect(read({ [ofFile]: '/nowhere/secret' })).toThrow(/'\/nowhere\/secret' of .*: ENOENT$/);
  },
);
