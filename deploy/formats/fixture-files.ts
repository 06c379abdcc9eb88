import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The kinds of fixtures: what is in Kafka, in MongoDB, and on the disk of ingress. */
export type FixtureKind = 'messages' | 'documents' | 'files';

/** One example: what was stored, as JSON, and what its reader returned, as JSON. */
export type Fixture = Readonly<{ name: string; stored: unknown; reads: unknown }>;

/** SHA-256 by file, by version. Versions are in the order in which they were sealed. */
export type Checksums = Readonly<Record<string, Readonly<Record<string, string>>>>;

const root = join(import.meta.dirname, 'fixtures');

/** The folder of what no release has yet. */
export const unreleased = 'next';

/** Returns the recorded checksums. */
export const recordedChecksums = (): Checksums =>
  JSON.parse(readFileSync(join(root, 'checksums.json'), 'utf8')) as Checksums;

/** Returns the versions that have a folder. */
export const foundVersions = (): readonly string[] =>
  readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

/** Returns the folder of a version. */
export const folderOf = (version: string): string => join(root, version);

const fileOf = (version: string, kind: FixtureKind, name: string): string =>
  join(root, version, kind, `${name}.json`);

const textOf = (version: string, kind: FixtureKind, name: string): string | null => {
  const file = fileOf(version, kind, name);
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
};

/** Returns the files of fixtures of all versions. */
export const fixtureFiles = (kind: FixtureKind): readonly Readonly<{ version: string; file: string }>[] =>
  foundVersions().flatMap((version) => {
    const folder = join(root, version, kind);
    const files = existsSync(folder) ? readdirSync(folder) : [];
    return files.map((name) => ({ version, file: name.replace(/\.json$/, '') }));
  });

/** Returns the fixtures of a version by name. */
export const readFixtures = (version: string, kind: FixtureKind, name: string): readonly Fixture[] =>
  JSON.parse(readFileSync(fileOf(version, kind, name), 'utf8')) as readonly Fixture[];

/** Returns the text of a file of fixtures: a line for each. */
export const fixtureText = (fixtures: readonly Fixture[]): string =>
  `[\n${fixtures.map((fixture) => JSON.stringify(fixture)).join(',\n')}\n]\n`;

/**
 * Returns the text that is recorded for what this version writes: of the unreleased changes, else of the newest release;
 * null without either. With `FIXTURES=write`, as `npm run fixtures` sets it, records the text first if it is another one.
 */
export const recordedText = (kind: FixtureKind, name: string, text: string): string | null => {
  const newest = Object.keys(recordedChecksums()).at(-1);
  const released = newest === undefined ? null : textOf(newest, kind, name);
  if (process.env['FIXTURES'] === 'write') {
    const file = fileOf(unreleased, kind, name);
    rmSync(file, { force: true });
    if (text !== released) {
      mkdirSync(join(root, unreleased, kind), { recursive: true });
      writeFileSync(file, text);
    }
  }
  return textOf(unreleased, kind, name) ?? released;
};
