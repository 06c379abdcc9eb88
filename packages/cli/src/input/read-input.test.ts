import { describe, expect, it } from 'vitest';
import { aFolder, anApi } from '../cli-under-test.ts';

const mark = Buffer.from([0xef, 0xbb, 0xbf]);
const json = Buffer.from('{"total":"12 €"}');
const utf16 = Buffer.from('{"total":1}', 'utf16le');

const accepted = { id: 'evt_1', type: 'a', accepted_at: '2026-11-22T10:00:00.000Z' };
const publish = ['events', 'publish', 'a', '--data'];

describe('a file or standard input', () => {
  it('may begin with a byte order mark, which is not sent', async () => {
    const { requests, runWith } = await anApi(202, accepted);
    const bytes = Buffer.concat([mark, json]);
    expect((await runWith({ folder: aFolder({ 'data.json': bytes }) }, ...publish, '@data.json')).code).toBe(
      0,
    );
    expect((await runWith({ stdin: bytes }, ...publish, '-')).code).toBe(0);
    expect((await runWith({ stdin: json }, ...publish, '@-')).code).toBe(0);
    expect(requests.map(({ raw }) => raw)).toEqual(
      Array.from({ length: 3 }, () => `{"type":"a","data":${json.toString()}}`),
    );
  });

  it.each([
    [
      'UTF-16 with a byte order mark',
      Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]),
      'is UTF-16: save it as UTF-8.',
    ],
    [
      'big-endian UTF-16',
      Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(utf16).swap16()]),
      'is UTF-16: ',
    ],
    ['UTF-16 without a byte order mark', utf16, 'is UTF-16 or UTF-32 without a byte order mark: '],
    ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x7b, 0, 0, 0]), 'is UTF-32: '],
    ['Latin-1', Buffer.from('{"name":"Grüße"}', 'latin1'), 'is another encoding: '],
  ])('in %s is refused with the encoding, and nothing is sent', async (_name, bytes, text) => {
    const { requests, runWith } = await anApi();
    const fromFile = await runWith({ folder: aFolder({ 'data.json': bytes }) }, ...publish, '@data.json');
    expect(fromFile).toMatchObject({ code: 2, out: '' });
    expect(fromFile.err).toContain(`The file 'data.json' must be UTF-8, but ${text}`);
    const fromStdin = await runWith({ stdin: bytes }, 'subscriptions', 'create', '--data', '-');
    expect(fromStdin.err).toContain(`Standard input must be UTF-8, but ${text}`);
    expect(requests).toEqual([]);
  });

  it('reports the invisible character in a message', async () => {
    const { run: tidings } = await anApi();
    const { code, err } = await tidings(...publish, '\u00a0{}');
    expect([code, err]).toEqual([2, expect.stringContaining('U+00A0') as string]);
  });

  it('is refused if parsing would change it and the tool has to serialise it again', async () => {
    const { run: tidings } = await anApi();
    const args = ['subscriptions', 'create', '--data'];
    expect((await tidings(...args, '{"filters":{"n":9007199254740993}}')).err).toContain(
      '--data: /filters/n ',
    );
    expect((await tidings(...args, '{"events":[],"events":[]}')).err).toContain('--data: /events ');
  });

  it('of an event is sent byte for byte, including numbers beyond a double', async () => {
    const { requests, run: tidings } = await anApi(202, accepted);
    expect((await tidings(...publish, '{"n":9007199254740993}')).code).toBe(0);
    expect(requests[0]?.raw).toContain('"data":{"n":9007199254740993}');
  });
});
