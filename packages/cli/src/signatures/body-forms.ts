/** Another form of a body that may be the signed one. `description` follows "that of". */
export type BodyForm = Readonly<{ body: Buffer; description: string }>;

const byteOrderMark = Buffer.from('\ufeff');

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: it has no other forms of JSON.
    return undefined;
  }
};

/** Returns JSON text without the white space between its tokens; numbers and escapes stay as they are. */
const minified = (text: string): string =>
  text.replace(/("(?:[^"\\]|\\.)*")|\s+/g, (_, quoted: string | undefined) => quoted ?? '');

const spaced = (compact: string): string =>
  compact.replace(/("(?:[^"\\]|\\.)*")|([,:])/g, (_, quoted: string | undefined, mark: string) =>
    quoted === undefined ? `${mark} ` : quoted,
  );

const ascii = (text: string): string =>
  text.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, one]) => [name, sorted(one)]));
};

function* jsonForms(text: string): Generator<readonly [string, string]> {
  const value = parsed(text);
  if (value === undefined) return;
  const compact = JSON.stringify(value);
  yield [minified(text), 'the same JSON without white space: the body was formatted after it was signed'];
  yield [compact, 'the JSON as JSON.stringify writes it: the body was re-serialised after it was signed'];
  for (const spaces of [2, 4]) {
    const pretty = JSON.stringify(value, null, spaces);
    const what = `the JSON indented by ${spaces} spaces: the body was re-serialised after it was signed`;
    yield [pretty, what];
    yield [`${pretty}\n`, `${what}, and lost its final line feed`];
  }
  const python = 'the JSON as json.dumps of Python writes it: the body was re-serialised after it was signed';
  yield [spaced(minified(text)), python];
  yield [spaced(ascii(compact)), python];
  yield [ascii(compact), 'the JSON with \\u escapes: the body was re-serialised after it was signed'];
  yield [
    ascii(compact).replaceAll('/', '\\/'),
    'the JSON as json_encode of PHP writes it: the body was re-serialised after it was signed',
  ];
  yield [
    JSON.stringify(sorted(value)),
    'the JSON with sorted fields: the body was re-serialised after it was signed',
  ];
}

function* textForms(text: string): Generator<readonly [string, string]> {
  const trimmed = text.replace(/\r?\n$/, '');
  yield [trimmed, 'the body without its final line feed, which was added after it was signed'];
  yield [`${text}\n`, 'the body with a final line feed, which was lost after it was signed'];
  yield [`${text}\r\n`, 'the body with a final CRLF, which was lost after it was signed'];
  yield [text.replaceAll('\r\n', '\n'), 'the body with LF as line ends, which became CRLF'];
  yield [text.replace(/\r?\n/g, '\r\n'), 'the body with CRLF as line ends, which became LF'];
}

/** Yields the forms that a body had before what senders, proxies and frameworks do to it, each different from it. */
export function* bodyForms(body: Buffer): Generator<BodyForm> {
  const text = body.toString('utf8');
  for (const [form, description] of [...textForms(text), ...jsonForms(text)]) {
    const bytes = Buffer.from(form);
    if (!bytes.equals(body)) yield { body: bytes, description };
  }
  if (body.subarray(0, 3).equals(byteOrderMark))
    yield { body: body.subarray(3), description: 'the body without its byte order mark' };
  const twice = Buffer.from(body.toString('utf8'), 'latin1');
  if (!twice.equals(body))
    yield { body: twice, description: 'the body in Latin-1: it was encoded as UTF-8 after it was signed' };
  if (body.length > 0)
    yield { body: Buffer.of(), description: 'an empty body: the signature was made without the body' };
}
