import { AppError } from '@tidings/runtime';
import { Ajv } from 'ajv';

/** A step from one schema version to the next. Pure: it gets the old document and returns the new one. */
export type MigrationStep = (document: Readonly<Record<string, unknown>>) => Record<string, unknown>;

/** What documents of a collection look like now, and how older ones become so. `steps[1]` leads from version 1 to 2. */
export type DocumentSchema = Readonly<{
  name: string;
  schema: object;
  schemaVersion: number;
  steps: Readonly<Record<number, MigrationStep>>;
}>;

const ajv = new Ajv({ strict: true, allowUnionTypes: true });

const idOf = (document: unknown): string =>
  typeof document === 'object' && document !== null && '_id' in document
    ? String(document._id)
    : 'without id';

/**
 * Makes the reader of a collection: it brings a document up to the present schema version, step by step, and checks it.
 * It throws AppError `undecodable` for one that a newer release wrote, or that is not what its version says.
 */
export function documentReader<T>({
  name,
  schema,
  schemaVersion,
  steps,
}: DocumentSchema): (raw: unknown) => T {
  const validate = ajv.compile<T>(schema);
  return (raw) => {
    const refuse = (problem: string): AppError =>
      new AppError({ code: 'undecodable', message: `the ${name} document ${idOf(raw)} ${problem}` });
    let document = raw as Readonly<Record<string, unknown>>;
    for (let version = versionOf(raw); version < schemaVersion; version += 1) {
      const step = steps[version];
      if (step === undefined) throw refuse(`has schema version ${version}, which no step leads away from`);
      document = { ...step(document), schema_version: version + 1 };
    }
    if (versionOf(document) > schemaVersion) {
      throw refuse(
        `has schema version ${versionOf(document)}, this release knows ${schemaVersion}: update it`,
      );
    }
    if (validate(document)) return document;
    const [fault] = validate.errors ?? [];
    throw refuse(`breaks its schema: ${fault?.instancePath ?? ''} ${fault?.message ?? ''}`);
  };
}

function versionOf(document: unknown): number {
  const version: unknown =
    typeof document === 'object' && document !== null ? Reflect.get(document, 'schema_version') : undefined;
  return typeof version === 'number' ? version : Number.NaN;
}
