import { describe, expect, it } from 'vitest';
import { decodeWebhookReceived } from '../../packages/contracts/src/index.ts';
import { frameOf, piecesOf } from '../../services/ingress/src/spool/domain/frame.ts';
import { parseSegmentName, segmentName } from '../../services/ingress/src/spool/domain/segment-name.ts';
import { decodeSpooled, encodeSpooled } from '../../services/ingress/src/spool/domain/spooled-record.ts';
import { fixtureFiles, fixtureText, readFixtures, recordedText } from './fixture-files.ts';
import { eventExamples, receivedExamples } from './messages/event-examples.ts';
import { atMs } from './messages/example.ts';
import { plain } from './plain.ts';

// What ingress accepted while the brokers were away, and a later version may have to send.
type StoredSegment = Readonly<{ name: string; base64: string }>;

const read = ({ name, base64 }: StoredSegment): unknown => {
  const { salt } = parseSegmentName(name) ?? { salt: '' };
  return [...piecesOf(Buffer.from(base64, 'base64'), salt)].map((piece) =>
    piece.kind === 'record' ? plain(decodeSpooled(piece.payload)) : piece.kind,
  );
};

const segmentNow = (): StoredSegment => {
  const { name, salt } = segmentName(7, '0123456789abcdef');
  const facts = receivedExamples.slice(0, 2).map(({ record }) => decodeWebhookReceived(record));
  const frames = eventExamples.map(({ record }, at) => {
    const { key, headers, value } = record;
    const fact = facts[at];
    const spooled = { key, headers, value: value ?? Buffer.alloc(0), timestampMs: atMs };
    return frameOf(encodeSpooled(fact === undefined ? spooled : { ...spooled, fact }), salt);
  });
  return { name, base64: Buffer.concat(frames).toString('base64') };
};

describe('the files that ingress keeps events in', () => {
  it('are written as their fixtures have them', () => {
    const stored = segmentNow();
    const text = fixtureText([{ name: stored.name, stored, reads: read(stored) }]);
    expect(text, 'a segment has another form now: run `npm run fixtures` (docs/upgrade.md)').toBe(
      recordedText('files', 'ingress.spool', text),
    );
  });

  it('are those of which fixtures are kept', () => {
    expect(new Set(fixtureFiles('files').map(({ file }) => file))).toEqual(new Set(['ingress.spool']));
  });
});

it.each(fixtureFiles('files'))('reads $file as version $version wrote it', ({ version, file }) => {
  for (const { stored, reads } of readFixtures(version, 'files', file)) {
    expect({ reads: read(stored as StoredSegment) }).toMatchObject({ reads });
  }
});
