/**
 * Pattern of an id that a caller chooses and that appears in API paths: printable ASCII without blanks, which every URL
 * can carry percent-encoded. Not `.` and `..`: URL clients resolve them, encoded or not, as path segments (WHATWG URL,
 * section 4.4; RFC 3986, section 5.2.4).
 */
const pathIdPattern = '^(?!\\.{1,2}$)[\\x21-\\x7e]+$';

/** Pattern of a workspace id. */
export const workspaceIdPattern = '^[A-Za-z0-9_-]{1,64}$';

/**
 * Pattern of an identifying text that a caller chooses. No control characters of C0 or C1 (U+0080 to U+009F): the text
 * appears in logs and terminals, and headers cannot carry them. No lone surrogates: they have no UTF-8 encoding, so two
 * different ids would become one.
 */
const callerTextPattern = '^[^\\u0000-\\u001f\\u007f-\\u009f\\ud800-\\udfff]*$';

/** JSON Schema of a workspace id. */
export const workspaceIdRule = { type: 'string', pattern: workspaceIdPattern } as const;

/** JSON Schema of the id of a source. */
export const sourceIdRule = { type: 'string', pattern: '^src_[0-9a-f]{32}$' } as const;

/** JSON Schema of a consumer id, for every API that accepts one. */
export const consumerIdRule = {
  type: 'string',
  minLength: 1,
  maxLength: 128,
  pattern: pathIdPattern,
} as const;

/** JSON Schema of an event's own id, source and ordering key. `maxLength` is in characters. */
export const callerTextRule = (maxLength: number) =>
  ({ type: 'string', minLength: 1, maxLength, pattern: callerTextPattern }) as const;

/** Explanations of these patterns for error messages, each the end of a sentence: a pattern is not readable. */
export const patternRules: ReadonlyMap<string, string> = new Map([
  [
    pathIdPattern,
    "must be printable ASCII without blanks, and not '.' or '..', which stand for other paths in a URL",
  ],
  [workspaceIdPattern, 'must be 1 to 64 of the characters A-Z, a-z, 0-9, _ and -'],
  [callerTextPattern, 'must have no control characters (U+0000 to U+001F, U+007F to U+009F)'],
]);

/** Pattern of the name of a worker application. It is part of topic names and group names. */
export const appNamePattern = '^[a-z][a-z0-9-]{0,39}$';
