import { RE2JS } from 're2js';
import { schemaLimits } from './schema-limits.ts';

/**
 * A pattern that matches in time proportional to text length times pattern size, so that no input can block the
 * process.
 */
export type LinearPattern = Readonly<{ source: string; size: number; test(text: string): boolean }>;

/** A pattern, or its fault (a sentence). */
export type PatternReading = Readonly<{ ok: true; pattern: LinearPattern } | { ok: false; detail: string }>;

/** One half of a pair of `\uXXXX` escapes: the automaton reads whole characters. */
const surrogateEscape = /\\u[dD][89a-fA-F][0-9a-fA-F]{2}/;

const lookAround = /\(\?<?[=!]/;

/**
 * Parses a pattern of a schema. It must be an ECMA-262 regular expression with the flag `u`, as JSON Schema requires,
 * and RE2's automaton must support it: no look-around, no back-references, at most 1,000 instructions.
 */
export function readPattern(source: string): PatternReading {
  if (source.length > schemaLimits.patternLength) {
    const limit = schemaLimits.patternLength;
    return { ok: false, detail: `must have at most ${limit} characters, got ${source.length}` };
  }
  if (surrogateEscape.test(source)) {
    return { ok: false, detail: 'must name characters past U+FFFF as \\u{…}, not as a pair of \\uXXXX' };
  }
  try {
    // Compiled only, never run: other tools that read the schema use it as an ECMA-262 expression.
    new RegExp(source, 'u');
  } catch (error) {
    return { ok: false, detail: `is no regular expression: ${(error as Error).message}` };
  }
  try {
    const compiled = RE2JS.compile(RE2JS.translateRegExp(source));
    const size = compiled.programSize();
    if (size > schemaLimits.patternSize) {
      const limit = schemaLimits.patternSize;
      return { ok: false, detail: `must have at most ${limit} instructions when compiled, got ${size}` };
    }
    return { ok: true, pattern: { source, size, test: (text) => compiled.test(text) } };
  } catch (error) {
    const why = lookAround.test(source)
      ? 'look-ahead and look-behind are not allowed'
      : (error as Error).message;
    return { ok: false, detail: `cannot be matched in bounded time (RE2 syntax): ${why}` };
  }
}
