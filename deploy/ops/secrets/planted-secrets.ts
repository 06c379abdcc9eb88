/** A place that is looked through. `response`: of the API, the console and the status page. `document`: of MongoDB. */
export type Surface = 'log' | 'metrics' | 'span' | 'response' | 'topic' | 'document' | 'file';

type Planted = Readonly<{ name: string; forms: readonly Form[]; mayBeIn: ReadonlySet<Surface> }>;
type Form = Readonly<{ name: string; bytes: Buffer }>;

/** A secret that was found where it must not be: `signing secret as hex in log of delivery`. */
export type Leak = string;

const hiddenAround = 60;

/** Secrets that a run is given, and the search for them, in all forms in which software repeats text. */
export class PlantedSecrets {
  readonly #planted: Planted[] = [];

  /**
   * Adds a secret and returns it. `mayBeIn`: surfaces that show it by design. A text that has the form of base64 with a prefix, such
   * as `whsec_…`, also counts as the bytes that it stands for.
   */
  plant(name: string, secret: string, mayBeIn: readonly Surface[] = []): string {
    this.#planted.push({ name, forms: formsOf(secret), mayBeIn: new Set(mayBeIn) });
    return secret;
  }

  /** Number of planted secrets. */
  get size(): number {
    return this.#planted.length;
  }

  /** Returns what is in `content` and must not be there. `excepted`: names of secrets that this one piece may show. */
  leaksIn(
    surface: Surface,
    {
      source,
      content,
      excepted = [],
    }: Readonly<{ source: string; content: Buffer; excepted?: readonly string[] }>,
  ): readonly Leak[] {
    return this.#planted
      .filter(({ name, mayBeIn }) => !mayBeIn.has(surface) && !excepted.includes(name))
      .flatMap(({ name, forms }) =>
        forms.flatMap((form) => {
          const at = content.indexOf(form.bytes);
          return at < 0
            ? []
            : [`${name} as ${form.name} in ${surface} of ${source}: ${around(content, at, form)}`];
        }),
      );
  }
}

function around(content: Buffer, at: number, { bytes }: Form): string {
  const before = content.subarray(Math.max(0, at - hiddenAround), at).toString('latin1');
  const after = content.subarray(at + bytes.length, at + bytes.length + hiddenAround).toString('latin1');
  return `${before}<HERE>${after}`.replaceAll(/[^\x20-\x7e]+/g, ' ');
}

// Shorter pieces are found by chance.
const minFormBytes = 10;

/** Returns the byte sequences by which a secret is found. */
function formsOf(secret: string): readonly Form[] {
  const withoutPrefix = secret.replace(/^(whsec_|whsk_|tdk_|Bearer |Basic )/, '');
  const decoded = /^[A-Za-z0-9+/_-]{16,}={0,2}$/.test(withoutPrefix)
    ? Buffer.from(withoutPrefix, 'base64')
    : null;
  const text = Buffer.from(withoutPrefix);
  const all: Form[] = [
    { name: 'text', bytes: text },
    { name: 'text of a URL', bytes: Buffer.from(encodeURIComponent(withoutPrefix)) },
    { name: 'text of JSON', bytes: Buffer.from(JSON.stringify(withoutPrefix).slice(1, -1)) },
    { name: 'text in UTF-16', bytes: Buffer.from(withoutPrefix, 'utf16le') },
    ...encodings('text', text),
    ...(decoded === null ? [] : [{ name: 'bytes', bytes: decoded }, ...encodings('bytes', decoded)]),
  ];
  const seen = new Set<string>();
  return all.filter(({ bytes }) => {
    const key = bytes.toString('hex');
    return bytes.length >= minFormBytes && !seen.has(key) && seen.add(key);
  });
}

function encodings(of: string, bytes: Buffer): readonly Form[] {
  const hex = bytes.toString('hex');
  return [
    { name: `hex of ${of}`, bytes: Buffer.from(hex) },
    { name: `hex of ${of}, upper case`, bytes: Buffer.from(hex.toUpperCase()) },
    // Within a longer text that is encoded, by what is before it.
    ...[0, 1, 2].flatMap((shift) => {
      const inner = innerBase64(bytes, shift);
      const url = inner.replaceAll('+', '-').replaceAll('/', '_');
      return [
        { name: `base64 of ${of}, shifted by ${shift}`, bytes: Buffer.from(inner) },
        { name: `base64url of ${of}, shifted by ${shift}`, bytes: Buffer.from(url) },
      ];
    }),
  ];
}

/** Returns the characters of base64 that depend on these bytes alone when `shift` bytes are before them. */
function innerBase64(bytes: Buffer, shift: number): string {
  const padded = Buffer.concat([Buffer.alloc(shift), bytes]);
  const whole = padded.subarray(0, padded.length - (padded.length % 3)).toString('base64');
  return shift === 0 ? whole : whole.slice(4);
}
