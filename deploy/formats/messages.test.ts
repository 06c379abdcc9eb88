import { describe, expect, it } from 'vitest';
import { allTopics, appTopics, type WireRecord } from '../../packages/contracts/src/index.ts';
import { messageSchemas } from '../../packages/contracts/src/wire/schemas.ts';
import { fixtureFiles, fixtureText, readFixtures, recordedText } from './fixture-files.ts';
import { type TopicFormat, topicFormats } from './messages/topic-formats.ts';
import { bytesIn, plain } from './plain.ts';
import { uncovered } from './uncovered.ts';

type StoredRecord = Omit<WireRecord, 'value'> & Readonly<{ value: Parameters<typeof bytesIn>[0] | null }>;

const recordOf = (stored: unknown): WireRecord => {
  const { value, ...record } = stored as StoredRecord;
  return { ...record, value: value === null ? null : bytesIn(value) };
};

const textNow = ({ examples, read }: TopicFormat): string =>
  fixtureText(
    examples.map(({ name, record }) => ({ name, stored: plain(record), reads: plain(read(record)) })),
  );

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // Not every text is JSON.
    return text;
  }
};

/** Returns every JSON value that a record consists of: its headers, the values in them, and its own. */
const partsOf = ({ headers, value }: WireRecord): readonly unknown[] => [
  headers,
  ...Object.values(headers).map(parsed),
  parsed(value?.toString('utf8') ?? ''),
];

describe('every message that this version writes', () => {
  it('is on a topic with examples', () => {
    const ofApp = appTopics('app');
    const known = topicFormats.flatMap(({ topics }) => topics.map(({ name }) => name));
    expect(known.toSorted()).toEqual(
      [...allTopics, ofApp.runLog, ofApp.commands].map(({ name }) => name).toSorted(),
    );
  });

  it('has an example of each field, alternative and value of its schema', () => {
    const parts = topicFormats.flatMap(({ examples }) => examples.flatMap(({ record }) => partsOf(record)));
    const missing = [...messageSchemas].flatMap(([name, schema]) => uncovered(schema, parts, name));
    expect(missing, 'add examples to deploy/formats/messages, then run `npm run fixtures`').toEqual([]);
  });

  it.each(topicFormats)('is written as its fixtures have it: $file', (format) => {
    const text = textNow(format);
    expect(text, 'a message has another form now: run `npm run fixtures` (docs/upgrade.md)').toBe(
      recordedText('messages', format.file, text),
    );
  });
});

it.each(fixtureFiles('messages'))('reads $file as version $version wrote it', ({ version, file }) => {
  const format = topicFormats.find((one) => one.file === file);
  if (format === undefined) {
    throw new Error(`no reader of ${file}: later versions must read what ${version} wrote`);
  }
  for (const { name, stored, reads } of readFixtures(version, 'messages', file)) {
    // A later reader may know more fields.
    const now = { reads: plain(format.read(recordOf(stored))) };
    expect(now, `${file}: ${name}`).toMatchObject({ reads });
  }
});
