import { filterLimits } from './filter-limits.ts';

/** All operators of a condition, by the type of their operand. */
export const filterOperators = [
  '$eq',
  '$ne',
  '$in',
  '$nin',
  '$gt',
  '$gte',
  '$lt',
  '$lte',
  '$exists',
  '$prefix',
  '$suffix',
  '$contains',
  '$size',
  '$not',
] as const;

/** The operators that combine whole filters. */
export const filterCombiners = ['$and', '$or', '$nor', '$not'] as const;

const parts = `[^.$][^.]*(?:\\.[^.$][^.]*){0,${filterLimits.pathParts - 1}}`;

const text = { type: 'string', minLength: 1 };
const list = { type: 'array', minItems: 1 };
const ordered = { type: ['number', 'string'] };
const literal = { $ref: '#/$defs/literal' };
const noOperator = { pattern: '^(?!\\$)' };

/** JSON Schema of a filter. Size and depth are checked before it, since a schema cannot check them. */
export const filterSchema = {
  $ref: '#/$defs/filter',
  $defs: {
    filter: {
      type: 'object',
      properties: {
        $and: { $ref: '#/$defs/filters' },
        $or: { $ref: '#/$defs/filters' },
        $nor: { $ref: '#/$defs/filters' },
        $not: { $ref: '#/$defs/filter' },
      },
      patternProperties: {
        [`^(?=.{1,${filterLimits.pathLength}}$)${parts}$`]: { $ref: '#/$defs/condition' },
      },
      additionalProperties: false,
    },
    filters: { ...list, items: { $ref: '#/$defs/filter' } },
    condition: {
      if: { type: 'object', not: { propertyNames: noOperator } },
      // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own keyword
      then: { $ref: '#/$defs/operators' },
      else: literal,
    },
    operators: {
      type: 'object',
      properties: {
        $eq: literal,
        $ne: literal,
        $in: { ...list, items: literal },
        $nin: { ...list, items: literal },
        $gt: ordered,
        $gte: ordered,
        $lt: ordered,
        $lte: ordered,
        $exists: { type: 'boolean' },
        $prefix: text,
        $suffix: text,
        $contains: { type: ['string', 'number', 'boolean', 'null'] },
        $size: { type: 'integer', minimum: 0 },
        $not: { $ref: '#/$defs/operators' },
      },
      additionalProperties: false,
      minProperties: 1,
    },
    literal: {
      type: ['string', 'number', 'boolean', 'null', 'array', 'object'],
      propertyNames: noOperator,
      additionalProperties: literal,
      items: literal,
    },
  },
} as const;
