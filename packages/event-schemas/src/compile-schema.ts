import { type ErrorDetail, hasUnheldNumbers, parseExactly } from '@tidings/json';
import { _, Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { checkForm } from './check-schema.ts';
import { numberFormat, numberFormats, textFormatCheck, textFormats } from './data-formats.ts';
import { canonicalText, ExactData } from './exact-data.ts';
import { addExactKeywords } from './exact-keywords.ts';
import { readPattern } from './linear-pattern.ts';
import { schemaLimits } from './schema-limits.ts';
import { StepBudget, TooManySteps } from './step-budget.ts';
import { weighSchema, weightKeyword } from './weigh-schema.ts';

/** An error for a schema that {@link compileSchema} received and {@link checkSchema} refuses. */
export class SchemaError extends Error {
  readonly faults: readonly ErrorDetail[];

  constructor(faults: readonly ErrorDetail[]) {
    const [first] = faults;
    super(`The schema cannot be used: ${first?.pointer || 'it'} ${first?.detail ?? 'is not valid'}`);
    this.name = 'SchemaError';
    this.faults = faults;
  }
}

/**
 * The result of a data check. `invalid`: the errors as ajv reports them, at least one, and the checked data, with an
 * ExactNumber where a double would have rounded. `too-costly`: the check was abandoned after `schemaLimits.steps`, so
 * the result is unknown.
 */
export type DataCheckResult = Readonly<
  | { kind: 'valid' }
  | { kind: 'invalid'; errors: readonly ErrorObject[]; data: unknown }
  | { kind: 'too-costly' }
>;

/**
 * Checks a parsed JSON value. `json`: the text that it was parsed from; with it numbers are checked by all their
 * digits, without it as rounded by JSON.parse. Bounded in time for any schema and value; never throws.
 */
export type CheckData = (data: unknown, json?: Buffer) => DataCheckResult;

const valid: DataCheckResult = { kind: 'valid' };

/**
 * Compiles a schema to a check of data. Throws {@link SchemaError} if it is invalid. Formats are asserted; RE2's
 * automaton runs the patterns; a `multipleOf` tolerates a rounding error of 10^-6, so that 19.99 is a multiple of 0.01.
 */
export function compileSchema(schema: unknown): CheckData {
  const check = checkForm(schema);
  if (!check.ok) throw new SchemaError(check.errors);
  const weighed = weighSchema(schema);
  const checkPlain = checkerOf(weighed);
  const exact = new ExactData();
  // Few event types ever receive a number that no double holds: their checker is created on the first one.
  let checkExact: Checker | undefined;
  return (data, json) => {
    if (json === undefined || !hasUnheldNumbers(json)) return checkPlain(data, data);
    checkExact ??= checkerOf(weighed, exact);
    const kept = parseExactly(json);
    exact.set(data, kept);
    const result = checkExact(data, kept);
    exact.clear();
    return result;
  };
}

/** Checks data and includes `shown` in the result. */
type Checker = (data: unknown, shown: unknown) => DataCheckResult;

function checkerOf(weighed: unknown, exact?: ExactData): Checker {
  const budget = new StepBudget();
  const isValid = compileWith(weighed, budget, { allErrors: false, exact });
  // The data of most schemas are never refused: the check that collects all faults is compiled on first use.
  let collect: ValidateFunction | undefined;
  const collectErrors = (data: unknown, first: readonly ErrorObject[]): readonly ErrorObject[] => {
    collect ??= compileWith(weighed, budget, { allErrors: true, exact });
    budget.reset(schemaLimits.stepsForFaults);
    try {
      collect(data);
      return collect.errors ?? first;
    } catch {
      // Finding all faults would take too long; the first one is known.
      return first;
    }
  };
  return (data, shown) => {
    budget.reset(schemaLimits.steps);
    try {
      if (isValid(data)) return valid;
    } catch (error) {
      // An endlessly self-referencing schema runs out of steps, or, if each step is deep, of stack.
      if (error instanceof TooManySteps || error instanceof RangeError) return { kind: 'too-costly' };
      throw error;
    }
    return { kind: 'invalid', errors: collectErrors(data, isValid.errors ?? []), data: shown };
  };
}

type Compilation = Readonly<{ allErrors: boolean; exact: ExactData | undefined }>;

function compileWith(
  schema: unknown,
  budget: StepBudget,
  { allErrors, exact }: Compilation,
): ValidateFunction {
  // One instance per schema: an instance retains everything that it compiled.
  const ajv = new Ajv2020({
    allErrors,
    strict: false,
    // 1e400 is a number, although no finite double.
    strictNumbers: exact === undefined,
    meta: false,
    validateSchema: false,
    // Inlining would copy a schema that is referenced a thousand times a thousand times.
    inlineRefs: false,
    // Inherited properties must not satisfy `required: ["toString"]`.
    ownProperties: true,
    multipleOfPrecision: 6,
    logger: false,
    // The optimiser of ajv 8.20 drops a variable that is used where `not: true` follows an `anyOf`: the check would
    // throw.
    code: { regExp: budgetedRegExp(budget), optimize: false },
  });
  for (const name of textFormats) {
    const check = textFormatCheck(name);
    ajv.addFormat(name, (text: string) => {
      budget.spend(text.length);
      return check(text);
    });
  }
  for (const name of numberFormats) ajv.addFormat(name, numberFormat(name));
  addWeight(ajv, budget);
  addUniqueItems(ajv, budget, exact);
  if (exact !== undefined) addExactKeywords(ajv, budget, exact);
  return ajv.compile(schema as object);
}

/** Adds a keyword that runs first in each schema, so that a schema that only refers to itself also consumes steps. */
function addWeight(ajv: Ajv2020, budget: StepBudget): void {
  ajv.addKeyword({
    keyword: weightKeyword,
    schemaType: 'number',
    before: '$ref',
    code: ({ gen, data, schema }) => {
      const ref = gen.scopeValue('func', { ref: budget });
      gen.code(_`${ref}.spendOn(${schema as number}, ${data})`);
    },
  });
}

/**
 * Replaces ajv's own keyword, which compares each item with every other: minutes for an array that fits in one event.
 */
function addUniqueItems(ajv: Ajv2020, budget: StepBudget, exact?: ExactData): void {
  ajv.removeKeyword('uniqueItems');
  const isUnique = (items: readonly unknown[]): boolean => {
    const seen = new Set<string>();
    for (const item of (exact?.of(items) ?? items) as readonly unknown[]) {
      const text = canonicalText(item);
      budget.spend(4 + (text.length >> 2));
      if (seen.has(text)) return false;
      seen.add(text);
    }
    return true;
  };
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    error: { message: 'must not hold the same item twice' },
    code: (context) => {
      if (context.schema !== true) return;
      const ref = context.gen.scopeValue('func', { ref: isUnique });
      context.fail(_`!${ref}(${context.data})`);
    },
  });
}

type RegExpEngine = ((pattern: string, flags: string) => { test(text: string): boolean }) & { code: string };

function budgetedRegExp(budget: StepBudget): RegExpEngine {
  const make = (source: string): { test(text: string): boolean; toString(): string } => {
    const reading = readPattern(source);
    if (!reading.ok) throw new SchemaError([{ pointer: '', detail: `pattern ${reading.detail}` }]);
    const { pattern } = reading;
    return {
      test: (text) => {
        // The automaton's worst case: up to 90 ns per character and instruction, half a step.
        budget.spend(1 + Math.ceil((text.length * pattern.size) / 2));
        return pattern.test(text);
      },
      // Ajv identifies patterns by this text.
      toString: () => source,
    };
  };
  return Object.assign(make, { code: 'readPattern' });
}
