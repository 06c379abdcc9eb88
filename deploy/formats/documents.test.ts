import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CollectionFormat } from './documents/collection-format.ts';
import { historyFormats } from './documents/history-formats.ts';
import { registryFormats } from './documents/registry-formats.ts';
import { StoredDocuments } from './documents/stored-documents.ts';
import { type Fixture, fixtureFiles, fixtureText, readFixtures, recordedText } from './fixture-files.ts';
import { plain } from './plain.ts';
import { uncovered } from './uncovered.ts';

const formats = [...registryFormats, ...historyFormats];
const root = join(import.meta.dirname, '..', '..');

/** The sources of everything that stores documents. The SDK stores in databases of its users. */
const sources = (): readonly string[] =>
  ['packages/mongodb/src', 'services/history/src', 'services/subscription/src'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .map((file) => join(root, folder, file)),
  );

/** Returns what the present reader makes of a document. */
const readingOf = async ({ collection, read }: CollectionFormat, stored: unknown): Promise<unknown> => {
  const documents = new StoredDocuments();
  await documents.put(collection, stored);
  return plain(await read(documents, (stored as { _id: string })._id));
};

const writtenBy = async ({ collection, write }: CollectionFormat) => {
  const documents = new StoredDocuments();
  await write(documents);
  return documents.all(collection);
};

const textNow = async (format: CollectionFormat): Promise<string> => {
  const fixtures: Fixture[] = [];
  for (const stored of await writtenBy(format)) {
    fixtures.push({ name: stored._id, stored, reads: await readingOf(format, stored) });
  }
  return fixtureText(fixtures);
};

describe('every document that this version stores', () => {
  it('is of a collection with examples', () => {
    const named = sources().flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/collection: '(\w+)'|mongooseSchema\('(\w+)'/g)].map(
        ([, collection, described]) => collection ?? described,
      ),
    );
    expect(
      [...new Set(named)].toSorted(),
      'add examples to deploy/formats/documents, then run `npm run fixtures`',
    ).toEqual(formats.map(({ collection }) => collection).toSorted());
  });

  it.each(formats.filter(({ schema }) => schema !== undefined))(
    'has an example of each field, alternative and value of its schema: $collection',
    async (format) => {
      const missing = uncovered(format.schema ?? {}, await writtenBy(format), format.collection);
      expect(missing, 'add examples to deploy/formats/documents, then run `npm run fixtures`').toEqual([]);
    },
  );

  it.each(formats)('is stored as its fixtures have it: $collection', async (format) => {
    const text = await textNow(format);
    expect(text, 'no document is stored').not.toBe(fixtureText([]));
    expect(text, 'a document has another form now: run `npm run fixtures` (docs/upgrade.md)').toBe(
      recordedText('documents', format.collection, text),
    );
  });
});

it.each(fixtureFiles('documents'))(
  'reads $file as version $version stored them',
  async ({ version, file }) => {
    const format = formats.find(({ collection }) => collection === file);
    if (format === undefined) {
      throw new Error(`no reader of ${file}: later versions must read what ${version} stored`);
    }
    for (const { name, stored, reads } of readFixtures(version, 'documents', file)) {
      // A later reader may know more fields.
      expect({ reads: await readingOf(format, stored) }, `${file}: ${name}`).toMatchObject({ reads });
    }
  },
);
