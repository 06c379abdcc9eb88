import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  AppError,
  boolean,
  choice,
  describeConfig,
  duration,
  type Environment,
  integer,
  list,
  loadConfig,
  optional,
  type Setting,
  secret,
  text,
  url,
  urls,
} from './index.ts';

const help = 'set it';

function problemOf(setting: Setting<unknown>, value: string | undefined): string {
  try {
    loadConfig({ setting }, { X: value });
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
  return 'accepted';
}

function readingOf<T>(setting: Setting<T>, value: string | undefined): T {
  return loadConfig({ setting }, { X: value }).setting as T;
}

describe('loadConfig', () => {
  const spec = {
    port: integer({ env: 'A_PORT', default: 0, min: 0, max: 65_535, help }),
    brokers: list({ env: 'A_BROKERS', help: 'set it to host:port' }),
    key: secret({ env: 'A_KEY', minLength: 8, help }),
  };

  it('reads typed, frozen values and ignores unknown variables', () => {
    const config = loadConfig(spec, {
      A_PORT: '80',
      A_BROKERS: 'a:1, b:2,',
      A_KEY: 'long enough',
      OTHER: 'x',
    });
    expect(config).toEqual({ port: 80, brokers: ['a:1', 'b:2'], key: 'long enough' });
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.brokers)).toBe(true);
  });

  it('reads a secret from the file that a variable names', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tidings-config-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'key');
    writeFileSync(file, 'from a file\n');
    const key = { key: spec.key };
    expect(loadConfig(key, { A_KEY_FILE: file })).toEqual({ key: 'from a file' });
    const problem = (env: Environment) => () => loadConfig(key, env);
    expect(problem({ A_KEY_FILE: file, A_KEY: 'both of them' })).toThrow(
      'A_KEY and A_KEY_FILE are both set: remove one of them',
    );
    const missing = join(folder, 'missing');
    expect(problem({ A_KEY_FILE: missing })).toThrow(
      `A_KEY cannot be read from the file '${missing}' of A_KEY_FILE: ENOENT`,
    );
    writeFileSync(file, '\n');
    expect(problem({ A_KEY_FILE: file })).toThrow('it is empty');
    expect(() => loadConfig({ port: spec.port }, { A_PORT_FILE: missing })).not.toThrow();
  });

  it('shows no password of a URL, neither in a problem nor at the start', () => {
    const uri = { uri: url({ env: 'A_URI', help, protocols: ['mongodb:'] }) };
    const config = loadConfig(uri, { A_URI: 'mongodb://user:pass%40word@a,b/?tls=true' });
    expect(describeConfig(uri, config)).toEqual({ A_URI: 'mongodb://user:***@a,b/?tls=true' });
    const refused = (text: string) => expect(() => loadConfig(uri, { A_URI: text }));
    refused('mysql://user:password@a').toThrow("got 'mysql://user:***@a'");
    refused('mongodb//user:password@a').toThrow("got 'mongodb//user:***@a'");
    refused('mysql://user:pass/word@a').toThrow("got 'mysql:***@a'");
  });

  it('reports all problems together and never shows a secret', () => {
    const load = () => loadConfig(spec, { A_PORT: '-1', A_KEY: 'short' });
    expect(load).toThrow(
      [
        "A_PORT must be an integer from 0 to 65535, got '-1'",
        'A_BROKERS is not set: set it to host:port',
        'A_KEY must have at least 8 characters, got 5',
      ].join('\n'),
    );
    expect(load).toThrow(expect.objectContaining({ code: 'config-invalid' }));
  });

  it('treats an empty variable as not set', () => {
    expect(problemOf(text({ env: 'X', help }), '')).toBe('X is not set: set it');
    expect(readingOf(text({ env: 'X', help, default: 'd' }), '  ')).toBe('d');
  });

  it('describes itself for the start-up line without secrets', () => {
    const shown = { ...spec, none: optional(text({ env: 'A_NONE', help })) };
    const config = loadConfig(shown, { A_BROKERS: 'a:1,b:2', A_KEY: 'long enough' });
    expect(describeConfig(shown, config)).toEqual({
      A_PORT: '0',
      A_BROKERS: 'a:1,b:2',
      A_KEY: '***',
      A_NONE: '-',
    });
  });
});

describe('a setting', () => {
  it.each(['1.5', '0x10', '1e3', 'ten', '9007199254740993', '65', '1'])('integer refuses %j', (value) => {
    const message = `X must be an integer from 2 to 64, got '${value}'`;
    expect(problemOf(integer({ env: 'X', help, min: 2, max: 64 }), value)).toBe(message);
  });

  it('integer reports its bounds', () => {
    expect(problemOf(integer({ env: 'X', help, min: 1 }), '0')).toBe(
      "X must be an integer of at least 1, got '0'",
    );
    expect(problemOf(integer({ env: 'X', help, max: 1 }), '2')).toBe(
      "X must be an integer of at most 1, got '2'",
    );
    expect(problemOf(integer({ env: 'X', help }), 'a')).toBe("X must be an integer, got 'a'");
  });

  it.each([
    ['250', 250],
    ['250ms', 250],
    ['5s', 5_000],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
  ])('duration reads %s as %d ms', (value, ms) => {
    expect(readingOf(duration({ env: 'X', help }), value)).toBe(ms);
  });

  it.each(['', '5 s', '-5s', '1.5s', '5w'])('duration refuses %j', (value) => {
    expect(problemOf(duration({ env: 'X', help, max: 10_000 }), value)).toMatch(
      /^X (must be a duration|is not set)/,
    );
  });

  it('duration enforces its bounds', () => {
    const message = "X must be a duration (250ms, 5s, 10m, 2h, 7d) from 100 to 1000 ms, got '2s'";
    expect(problemOf(duration({ env: 'X', help, min: 100, max: 1000 }), '2s')).toBe(message);
  });

  it('text matches its pattern, choice its words, boolean true or false', () => {
    expect(problemOf(text({ env: 'X', help, pattern: /^a+$/ }), 'b')).toBe("X must match /^a+$/, got 'b'");
    expect(problemOf(choice({ env: 'X', help, values: ['a', 'b'] }), 'c')).toBe(
      "X must be one of a, b, got 'c'",
    );
    expect(readingOf(choice({ env: 'X', help, values: ['a', 'b'] }), 'b')).toBe('b');
    expect(problemOf(boolean({ env: 'X', help }), 'yes')).toBe("X must be true or false, got 'yes'");
    expect(readingOf(boolean({ env: 'X', help, default: true }), 'false')).toBe(false);
  });

  it('url is absolute, of a known protocol, without its last slash', () => {
    expect(readingOf(url({ env: 'X', help }), 'http://a:1/b/')).toBe('http://a:1/b');
    const message = "X must be a URL that begins with http:// or https://, got 'ftp://a'";
    expect(problemOf(url({ env: 'X', help }), 'ftp://a')).toBe(message);
    expect(problemOf(url({ env: 'X', help }), 'localhost')).toMatch(/must be a URL/);
  });

  it('urls are one or several, none of them twice', () => {
    const setting = urls({ env: 'X', help });
    expect([readingOf(setting, 'http://a/'), readingOf(setting, 'http://a:1, http://b:2/')]).toEqual([
      ['http://a'],
      ['http://a:1', 'http://b:2'],
    ]);
    expect(problemOf(setting, 'http://a,b')).toMatch(/must be a URL .* got 'b'/);
    expect(problemOf(setting, 'http://a,')).toMatch(/must be a URL .* got ''/);
    expect(problemOf(setting, 'http://a,http://a/')).toBe("X must name each URL once, got 'http://a' twice");
  });

  it('optional is undefined when not set, and checked when set', () => {
    expect(readingOf(optional(integer({ env: 'X', help })), undefined)).toBeUndefined();
    expect(problemOf(optional(integer({ env: 'X', help })), 'a')).toMatch(/must be an integer/);
  });
});
