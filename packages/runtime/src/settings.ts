import { parseUrl } from './parse-url.ts';
/** Result of reading a setting's text: its value, or the problem (appended to the setting's name). */
export type Reading<T> = Readonly<{ ok: true; value: T } | { ok: false; problem: string }>;

/** One operator setting: its variable, its purpose, and the conversion of its text to a value. */
export type Setting<T> = Readonly<{
  env: string;
  help: string;
  isSecret: boolean;
  /** The text may be in a file, which `<env>_FILE` names: as orchestrators mount secrets. */
  mayBeFile?: boolean;
  /** Converts the text; it is `undefined` if the variable is unset or empty. */
  read: (text: string | undefined) => Reading<T>;
}>;

type Base<T> = Readonly<{ env: string; help: string; default?: T }>;
type Range = Readonly<{ min?: number; max?: number }>;

const ok = <T>(value: T): Reading<T> => ({ ok: true, value });
const bad = (problem: string): Reading<never> => ({ ok: false, problem });

type Definition<T> = Readonly<{
  base: Base<T>;
  isSecret?: boolean;
  mayBeFile?: boolean;
  parse: (text: string) => Reading<T>;
}>;

function setting<T>({ base, isSecret = false, mayBeFile = isSecret, parse }: Definition<T>): Setting<T> {
  const fallback = base.default;
  return {
    env: base.env,
    help: base.help,
    isSecret,
    mayBeFile,
    read: (text) => {
      if (text !== undefined) return parse(text);
      return fallback === undefined ? bad(`is not set: ${base.help}`) : ok(fallback);
    },
  };
}

function rangeText(name: string, { min, max }: Range): string {
  if (min !== undefined && max !== undefined) return `${name} from ${min} to ${max}`;
  if (min !== undefined) return `${name} of at least ${min}`;
  return max === undefined ? name : `${name} of at most ${max}`;
}

function isWithin(value: number, { min, max }: Range): boolean {
  return value >= (min ?? -Infinity) && value <= (max ?? Infinity);
}

/** A whole number. `min` and `max` are inclusive. */
export function integer(base: Base<number> & Range): Setting<number> {
  const wanted = rangeText('an integer', base);
  return setting({
    base,
    parse: (text) => {
      const value = Number(text);
      const isInteger = /^[+-]?\d+$/.test(text) && Number.isSafeInteger(value);
      return isInteger && isWithin(value, base) ? ok(value) : bad(`must be ${wanted}, got '${text}'`);
    },
  });
}

/** A line of text that matches `pattern`, if given; anchor the pattern to cover the whole text. */
export function text(base: Base<string> & { readonly pattern?: RegExp }): Setting<string> {
  const { pattern } = base;
  return setting({
    base,
    parse: (value) =>
      pattern === undefined || pattern.test(value) ? ok(value) : bad(`must match ${pattern}, got '${value}'`),
  });
}

/**
 * A text that is never shown: neither in the start-up line nor in an error message. It may be in a file instead, which
 * `<env>_FILE` names.
 */
export function secret(base: Base<string> & { readonly minLength?: number }): Setting<string> {
  const { minLength = 1 } = base;
  return setting({
    base,
    isSecret: true,
    parse: (value) =>
      value.length >= minLength
        ? ok(value)
        : bad(`must have at least ${minLength} characters, got ${value.length}`),
  });
}

/**
 * A comma-separated list; blanks around the items and empty items are dropped. Each item matches `pattern`, if given;
 * anchor the pattern to cover the whole item.
 */
export function list(
  base: Base<readonly string[]> & { readonly pattern?: RegExp },
): Setting<readonly string[]> {
  const { pattern } = base;
  const items = (value: string) =>
    value
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  return setting({
    base,
    parse: (value) => {
      const found = items(value);
      const wrong = pattern === undefined ? undefined : found.find((item) => !pattern.test(item));
      if (wrong !== undefined)
        return bad(`must be a comma list of items that match ${pattern}, got '${wrong}'`);
      return found.length > 0 ? ok(Object.freeze(found)) : bad(`must be a comma list, got '${value}'`);
    },
  });
}

/** `true` or `false`, and no other text. */
export function boolean(base: Base<boolean>): Setting<boolean> {
  return setting({
    base,
    parse: (value) =>
      value === 'true' || value === 'false'
        ? ok(value === 'true')
        : bad(`must be true or false, got '${value}'`),
  });
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration in milliseconds, written as `250`, `250ms`, `5s`, `10m`, `2h` or `7d`. `min` and `max` are in ms. */
export function duration(base: Base<number> & Range): Setting<number> {
  const wanted = rangeText('a duration (250ms, 5s, 10m, 2h, 7d)', { ...unlimited(base) });
  return setting({
    base,
    parse: (value) => {
      const match = /^(\d{1,12})(ms|s|m|h|d)?$/.exec(value);
      const valueMs =
        match === null ? Number.NaN : Number(match[1]) * (unitMs[match[2] ?? 'ms'] ?? Number.NaN);
      return isWithin(valueMs, base) ? ok(valueMs) : bad(`must be ${wanted} ms, got '${value}'`);
    },
  });
}

function unlimited({ min, max }: Range): Range {
  return { min: min ?? 0, ...(max === undefined ? {} : { max }) };
}

/** A word of a closed list. */
export function choice<const T extends string>(
  base: Base<T> & { readonly values: readonly T[] },
): Setting<T> {
  return setting({
    base,
    parse: (value) => {
      const found = base.values.find((allowed) => allowed === value);
      return found === undefined
        ? bad(`must be one of ${base.values.join(', ')}, got '${value}'`)
        : ok(found);
    },
  });
}

/** Returns the text of a URL without the password in it; of text that is no URL, without what could be one. */
export const withoutPassword = (value: string): string => {
  const masked = value.replace(/^([a-z][a-z0-9+.-]*:\/\/[^:@/?#]*):[^@/]*@/i, '$1:***@');
  return masked === value && parseUrl(value) === null ? value.replace(/:.*@/s, ':***@') : masked;
};

type UrlBase<T> = Base<T> & { readonly protocols?: readonly string[] };

/** Returns the faults of a URL that is to begin with one of `protocols`; null if there are none. */
function urlFault(value: string, protocols: readonly string[] = ['http:', 'https:']): string | null {
  if (protocols.includes(parseUrl(value)?.protocol ?? '')) return null;
  const wanted = protocols.map((protocol) => `${protocol}//`).join(' or ');
  return `must be a URL that begins with ${wanted}, got '${withoutPassword(value)}'`;
}

const withoutEndSlash = (value: string): string => value.replace(/\/+$/, '');

/** An absolute URL, without a slash at its end. `protocols` defaults to http and https. */
export function url(base: UrlBase<string>): Setting<string> {
  return setting({
    base,
    parse: (value) => {
      const fault = urlFault(value, base.protocols);
      return fault === null ? ok(withoutEndSlash(value)) : bad(fault);
    },
  });
}

/** One absolute URL or several, comma-separated, each as of {@link url}, none of them twice. */
export function urls(base: UrlBase<readonly string[]>): Setting<readonly string[]> {
  return setting({
    base,
    parse: (value) => {
      const found = value.split(',').map((item) => withoutEndSlash(item.trim()));
      for (const one of found) {
        const fault = urlFault(one, base.protocols);
        if (fault !== null) return bad(fault);
      }
      const repeated = found.find((one, at) => found.indexOf(one) < at);
      if (repeated !== undefined) return bad(`must name each URL once, got '${repeated}' twice`);
      return ok(Object.freeze(found));
    },
  });
}

/** The same setting, but its text may be in a file, which `<env>_FILE` names. */
export function orFile<T>(inner: Setting<T>): Setting<T> {
  return { ...inner, mayBeFile: true };
}

/** The same setting, but `undefined` if its variable is not set. */
export function optional<T>(inner: Setting<T>): Setting<T | undefined> {
  return { ...inner, read: (value) => (value === undefined ? ok(undefined) : inner.read(value)) };
}
