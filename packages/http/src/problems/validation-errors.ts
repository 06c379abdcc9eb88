import { patternRules } from '@tidings/contracts';
import { type ErrorDetail, ExactNumber, pointerPart } from '@tidings/json';
import type { ErrorObject } from 'ajv';
import { meantField } from './field-hint.ts';

const maxDetails = 20;
const maxShownChars = 80;

/**
 * Returns the faults that ajv found in `data` as pointers and sentences: `{ pointer: '/type', detail: "must have at
 * most 128 characters, got 300" }`. At most 20.
 */
export function detailsOf(errors: readonly ErrorObject[] | null | undefined, data: unknown): ErrorDetail[] {
  const found = (errors ?? []).filter((error) => !summaryKeywords.has(error.keyword));
  return (found.length > 0 ? found : (errors ?? []))
    .slice(0, maxDetails)
    .map((error) => describe(error, data));
}

// These only repeat that a part failed.
const summaryKeywords: ReadonlySet<string> = new Set(['if', 'anyOf', 'oneOf', 'allOf', '$ref']);

function describe(error: ErrorObject, data: unknown): ErrorDetail {
  const { instancePath, keyword } = error;
  const parameter = (name: string): unknown => Reflect.get(error.params, name);
  if (keyword === 'additionalProperties' || keyword === 'unevaluatedProperties') {
    const field = String(parameter('additionalProperty') ?? parameter('unevaluatedProperty'));
    const meant = meantField(shorten(field), error.parentSchema);
    const hint = meant === undefined ? '' : `: did you mean '${meant}'?`;
    return {
      pointer: `${instancePath}/${pointerPart(field)}`,
      detail: `unknown field '${shorten(field)}'${hint}`,
    };
  }
  if (keyword === 'required' || keyword === 'dependentRequired') {
    const field = String(parameter('missingProperty'));
    return { pointer: `${instancePath}/${pointerPart(field)}`, detail: `is missing: set '${field}'` };
  }
  if (keyword === 'propertyNames') {
    const field = String(parameter('propertyName'));
    return { pointer: `${instancePath}/${pointerPart(field)}`, detail: `is not an allowed field name` };
  }
  const value = valueAt(data, instancePath);
  return {
    pointer: instancePath,
    detail: sentence(error, hasSecret(error.parentSchema) ? hidden(value) : value),
  };
}

/** Returns true for the schema of a secret (`writeOnly`), or of something that has one. */
function hasSecret(schema: unknown): boolean {
  if (typeof schema !== 'object' || schema === null) return false;
  return Reflect.get(schema, 'writeOnly') === true || Object.values(schema).some(hasSecret);
}

// Its type and its size are shown.
const hidden = (value: unknown): unknown =>
  typeof value === 'string' ? new HiddenText([...value].length) : value;

class HiddenText {
  readonly length: number;

  constructor(length: number) {
    this.length = length;
  }
}

function sentence({ keyword, params, message }: ErrorObject, value: unknown): string {
  const limit = String(Reflect.get(params, 'limit'));
  switch (keyword) {
    case 'type':
      return `must be ${article(String(Reflect.get(params, 'type')))}, got ${show(value)}`;
    case 'enum':
      return `must be one of ${showAll(Reflect.get(params, 'allowedValues'))}, got ${show(value)}`;
    case 'const':
      return `must be ${show(Reflect.get(params, 'allowedValue'))}, got ${show(value)}`;
    case 'maxLength':
      return `must have at most ${limit} characters, got ${sizeOf(value)}`;
    case 'minLength':
      return `must have at least ${limit} characters, got ${sizeOf(value)}`;
    case 'maxItems':
    case 'maxProperties':
      return `must have at most ${limit} items, got ${sizeOf(value)}`;
    case 'minItems':
    case 'minProperties':
      return `must have at least ${limit} items, got ${sizeOf(value)}`;
    case 'pattern': {
      const pattern = String(Reflect.get(params, 'pattern'));
      return `${patternRules.get(pattern) ?? `must match ${pattern}`}, got ${show(value)}`;
    }
    case 'format':
      return `must be a valid ${String(Reflect.get(params, 'format'))}, got ${show(value)}`;
    default:
      return `${message ?? 'is not valid'}, got ${show(value)}`;
  }
}

function article(types: string): string {
  const words = types
    .split(',')
    .map((type) => (/^[aeiou]/.test(type) ? `an ${type}` : type === 'null' ? 'null' : `a ${type}`));
  return words.join(' or ');
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return [...value].length;
  if (value instanceof HiddenText) return value.length;
  return Array.isArray(value) ? value.length : Object.keys(value ?? {}).length;
}

function showAll(values: unknown): string {
  return Array.isArray(values) ? values.map(show).join(', ') : show(values);
}

function show(value: unknown): string {
  if (value instanceof ExactNumber) return shorten(String(value));
  if (value instanceof HiddenText) return 'a text that is not shown';
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return `'${shorten(value)}'`;
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' && value !== null ? 'an object' : shorten(String(value));
}

function shorten(text: string): string {
  return text.length > maxShownChars ? `${text.slice(0, maxShownChars)}…` : text;
}

function valueAt(data: unknown, pointer: string): unknown {
  let value = data;
  for (const part of pointer.split('/').slice(1)) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, part.replaceAll('~1', '/').replaceAll('~0', '~'));
  }
  return value;
}
