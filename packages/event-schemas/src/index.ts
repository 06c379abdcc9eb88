export {
  type BundledSchema,
  bundleSchema,
  type FollowedReferences,
  followReferences,
  type SchemaLocation,
} from './bundle-schema.ts';
export { checkSchema, type SchemaCheck } from './check-schema.ts';
export { breakingChanges } from './compare-schemas.ts';
export { type CheckData, compileSchema, type DataCheckResult, SchemaError } from './compile-schema.ts';
export { canEqual, canHaveType, lookUpField, type SchemaField } from './look-up-field.ts';
export { isJsonObject, type JsonObject } from './schema-keywords.ts';
export { schemaLimits } from './schema-limits.ts';
