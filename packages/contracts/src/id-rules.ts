/**
 * What an id may be that a caller chooses and that stands in paths of the API: printable ASCII without blanks, which every URL
 * can carry when it is percent-encoded. Not `.` and `..`: URL clients take them, encoded or not, for steps in the path (WHATWG
 * URL, section 4.4; RFC 3986, section 5.2.4).
 */
const pathIdPattern = '^(?!\\.{1,2}$)[\\x21-\\x7e]+$';

/** What the id of a workspace may be. */
export const workspaceIdPattern = '^[A-Za-z0-9_-]{1,64}$';

/**
 * What a text may be that a caller chooses to know something by. No control characters, neither of C0 nor of C1 (U+0080 to
 * U+009F): they stand in logs and terminals, and headers cannot carry them. No lone surrogates: those have no bytes in UTF-8,
 * so two different ids would become one.
 */
const callerTextPattern = '^[^\\u0000-\\u001f\\u007f-\\u009f\\ud800-\\udfff]*$';

/** JSON Schema of the id of a workspace. */
export const workspaceIdRule = { type: 'string', pattern: workspaceIdPattern } as const;

/** JSON Schema of the id of a consumer, by whichever door it comes. */
export const consumerIdRule = {
  type: 'string',
  minLength: 1,
  maxLength: 128,
  pattern: pathIdPattern,
} as const;

/** JSON Schema of an event's own id, source and ordering key. `maxLength` is in characters. */
export const callerTextRule = (maxLength: number) =>
  ({ type: 'string', minLength: 1, maxLength, pattern: callerTextPattern }) as const;

/** What is to be told to whoever breaks one of these patterns, as the end of a sentence: a pattern is not for people. */
export const patternRules: ReadonlyMap<string, string> = new Map([
  [
    pathIdPattern,
    "must be printable ASCII without blanks, and not '.' or '..', which stand for other paths in a URL",
  ],
  [workspaceIdPattern, 'must be 1 to 64 of the characters A-Z, a-z, 0-9, _ and -'],
  [callerTextPattern, 'must have no control characters (U+0000 to U+001F, U+007F to U+009F)'],
]);
