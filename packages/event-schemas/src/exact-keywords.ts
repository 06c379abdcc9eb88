import { ExactNumber } from '@tidings/json';
import { _, type Ajv2020, type FuncKeywordDefinition, str } from 'ajv/dist/2020.js';
import type { DataValidateFunction } from 'ajv/dist/types/index.js';
import { canonicalText, type ExactData } from './exact-data.ts';
import type { IntegerKind } from './integer-kind.ts';
import { integerKeyword } from './integer-kind.ts';
import type { StepBudget } from './step-budget.ts';

/** Checks a value by its exact form. */
type ExactTest = (exact: unknown) => boolean;

const order = (value: unknown, limit: number): number => {
  if (value instanceof ExactNumber) return value.compare(limit);
  return Number(value) < limit ? -1 : Number(Number(value) > limit);
};

const bounds = {
  maximum: { sign: '<=', isKept: (by: number) => by <= 0 },
  exclusiveMaximum: { sign: '<', isKept: (by: number) => by < 0 },
  minimum: { sign: '>=', isKept: (by: number) => by >= 0 },
  exclusiveMinimum: { sign: '>', isKept: (by: number) => by > 0 },
} as const;

const int64 = { min: new ExactNumber('-9223372036854775808'), max: new ExactNumber('9223372036854775807') };
const int32 = { min: -(2 ** 31), max: 2 ** 31 - 1 };
const ranges = { integer: null, int32, int64 } as const;

function isInteger(value: unknown, kind: IntegerKind): boolean {
  // Ajv has already checked all other values.
  if (!(value instanceof ExactNumber)) return true;
  const range = ranges[kind];
  if (range === null) return value.isInteger;
  return value.isInteger && value.compare(range.min) >= 0 && value.compare(range.max) <= 0;
}

// Same rule as ajv's with multipleOfPrecision 6.
const isMultiple = (value: unknown, divisor: number): boolean => {
  if (value instanceof ExactNumber) return value.isMultipleOf(divisor);
  const quotient = Number(value) / divisor;
  return Math.abs(Math.round(quotient) - quotient) <= 1e-6;
};

type AddKeyword = (
  definition: Omit<FuncKeywordDefinition, 'compile'>,
  testOf: (schema: never) => ExactTest,
) => void;

/**
 * Replaces ajv's number keywords with ones that compare all digits. `data` holds the exact form of the value under
 * check. Requires an instance with `strictNumbers: false`: 1e400 is a number.
 */
export function addExactKeywords(ajv: Ajv2020, budget: StepBudget, data: ExactData): void {
  const add: AddKeyword = (definition, testOf) => {
    ajv.removeKeyword(String(definition.keyword));
    ajv.addKeyword({
      ...definition,
      compile: (schema: unknown): DataValidateFunction => {
        const isKept = testOf(schema as never);
        return (value, context) =>
          isKept(data.of(value, context?.parentData, context?.parentDataProperty ?? ''));
      },
    });
  };
  addNumberKeywords(add, budget);
  addEqualityKeywords(add, budget);
}

function addNumberKeywords(add: AddKeyword, budget: StepBudget): void {
  for (const [keyword, { sign, isKept }] of Object.entries(bounds)) {
    const error = {
      message: ({ schemaCode }: { schemaCode: unknown }) => str`must be ${sign} ${schemaCode as number}`,
    };
    add(
      { keyword, type: 'number', schemaType: 'number', error },
      (limit: number) => (value) => isKept(order(value, limit)),
    );
  }
  add(
    {
      keyword: 'multipleOf',
      type: 'number',
      schemaType: 'number',
      error: { message: ({ schemaCode }) => str`must be multiple of ${schemaCode as number}` },
    },
    (divisor: number) => (value) => {
      // Some 20 ns per digit.
      budget.spend(String(value).length >> 3);
      return isMultiple(value, divisor);
    },
  );
  add(
    {
      keyword: integerKeyword,
      type: 'number',
      error: { message: ({ schema }) => str`must be ${schema as string}` },
    },
    (kind: IntegerKind) => (value) => isInteger(value, kind),
  );
}

function addEqualityKeywords(add: AddKeyword, budget: StepBudget): void {
  const textOf = (value: unknown): string => {
    const text = canonicalText(value);
    budget.spend(4 + (text.length >> 2));
    return text;
  };
  add(
    {
      keyword: 'const',
      error: {
        message: 'must be equal to constant',
        params: ({ schemaCode }) => _`{allowedValue: ${schemaCode}}`,
      },
    },
    (wanted: unknown) => {
      const text = canonicalText(wanted);
      return (value) => textOf(value) === text;
    },
  );
  add(
    {
      keyword: 'enum',
      schemaType: 'array',
      error: {
        message: 'must be equal to one of the allowed values',
        params: ({ schemaCode }) => _`{allowedValues: ${schemaCode}}`,
      },
    },
    (wanted: readonly unknown[]) => {
      const texts = new Set(wanted.map(canonicalText));
      return (value) => texts.has(textOf(value));
    },
  );
}
