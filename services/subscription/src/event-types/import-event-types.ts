import type { WorkspaceId } from '@tidings/contracts';
import { detailsOf, type Validate } from '@tidings/http';
import type { ErrorDetail } from '@tidings/json';
import { AppError, type ErrorCode } from '@tidings/runtime';
import type { Actor } from '../registry/domain/audit-entry.ts';
import { type WriteParts, type Written, writtenBefore } from '../registry/write-version.ts';
import { mergedEventType, mergeEventType } from './change-event-type.ts';
import { createEventType, newEventType, requireCapacity } from './create-event-type.ts';
import type { DocumentEntry } from './document-entry.ts';
import { type EventType, idOf } from './domain/event-type.ts';
import { limits } from './domain/limits.ts';
import { nameFault } from './domain/name-rules.ts';
import type { ReplaceBody } from './domain/request-body.ts';
import { type DocumentedType, readDocument, readType } from './read-document.ts';

/** Dependencies of an import. `validate`: validates a body against its schema. */
export type ImportParts = WriteParts<EventType> & Readonly<{ validate: Validate<ReplaceBody> }>;

/** An import request. `isDryRun`: write nothing. `isForced`: permit changes that break readers. */
export type Import = Readonly<{
  workspaceId: WorkspaceId;
  document: unknown;
  isDryRun: boolean;
  isForced: boolean;
  by: Actor;
}>;

/** Outcomes of one type of an import. */
export const importOutcomes = ['created', 'new_version', 'unchanged', 'refused'] as const;

/** Result for one type, expected in a dry run. `entity`, `propagated` and `code` are null if not applicable. */
export type Imported = Readonly<{
  name: string;
  pointer: string;
  outcome: (typeof importOutcomes)[number];
  entity: EventType | null;
  propagated: boolean | null;
  code: ErrorCode | null;
  /** Errors with pointers into the document. */
  errors: readonly ErrorDetail[];
}>;

// Each write waits up to a second for its topic while the brokers are unavailable.
const atOnce = 20;

/**
 * Imports the types of a document into the catalogue. Each type follows the rules of a single write and has an audit
 * entry of its own. A refused type does not prevent the others. Throws AppError `unprocessable` if the document is
 * neither AsyncAPI nor OpenAPI.
 */
export async function importEventTypes(parts: ImportParts, given: Import): Promise<readonly Imported[]> {
  const entries = readDocument(given.document);
  const most = limits.importedTypes;
  if (entries.length > most) {
    const detail = `may have at most ${most} event types, got ${entries.length}: split the document`;
    const message = `The document ${detail}.`;
    throw new AppError({ code: 'unprocessable', message, details: [{ pointer: '', detail }] });
  }
  const first = new Map([...entries].reverse().map((entry) => [entry.name, entry]));
  const imported: Imported[] = [];
  for (let from = 0; from < entries.length; from += atOnce) {
    const some = entries.slice(from, from + atOnce).map(async (entry) => {
      const other = first.get(entry.name) ?? entry;
      if (other === entry) return importOne(parts, given, entry);
      const detail = `has the same name '${entry.name}' as ${other.pointer}`;
      return refusal(entry, 'unprocessable', [{ pointer: entry.pointer, detail }]);
    });
    imported.push(...(await Promise.all(some)));
  }
  return imported;
}

const refusal = (
  { name, pointer }: DocumentEntry,
  code: ErrorCode,
  errors: readonly ErrorDetail[],
): Imported => ({ name, pointer, outcome: 'refused', entity: null, propagated: null, code, errors });

async function importOne(parts: ImportParts, given: Import, entry: DocumentEntry): Promise<Imported> {
  const { name, pointer } = entry;
  const fault = nameFault(name);
  if (fault !== null) return refusal(entry, 'unprocessable', [{ pointer, detail: fault }]);
  const type = readType(given.document, entry);
  if (type.errors.length > 0) return refusal(entry, 'unprocessable', type.errors);
  const inDocument = (details: readonly ErrorDetail[] = []): readonly ErrorDetail[] =>
    details.map((one) => ({ ...one, pointer: type.locationOf(one.pointer) }));
  const body: unknown = { ...type.body, ...(given.isForced ? { force: true } : {}) };
  if (!parts.validate(body)) {
    return refusal(entry, 'unprocessable', inDocument(detailsOf(parts.validate.errors, body)));
  }
  try {
    const act = given.isDryRun ? wouldWrite : write;
    return { name, pointer, code: null, errors: [], ...(await act(parts, given, { name, type, body })) };
  } catch (error) {
    // Any other error, such as an unavailable database, is not a fault of the type.
    const isRefusal = error instanceof AppError && ['unprocessable', 'conflict'].includes(error.code);
    if (!isRefusal) throw error;
    return refusal(entry, error.code, inDocument(error.details));
  }
}

type DocumentedEntry = Readonly<{ name: string; type: DocumentedType; body: ReplaceBody }>;
type Outcome = Pick<Imported, 'outcome' | 'entity' | 'propagated'>;

const creationOf = ({ workspaceId, by }: Import, { name, type, body }: DocumentedEntry) => {
  const { force: _force, ...rest } = body;
  return { workspaceId, by, body: { ...rest, name }, history: type.history };
};

async function write(parts: ImportParts, given: Import, entry: DocumentedEntry): Promise<Outcome> {
  const scope = { workspaceId: given.workspaceId, consumerId: null };
  const id = idOf(given.workspaceId, entry.name);
  const current = await parts.store.find(scope, id);
  const done = (written: Written<EventType>, outcome: Outcome['outcome']): Outcome => ({
    ...written,
    outcome,
  });
  const before = await writtenBefore(parts, { scope, id, by: given.by });
  if (before !== null) return done(before, before.entity.version === 1 ? 'created' : 'new_version');
  if (current === null) return done(await createEventType(parts, creationOf(given, entry)), 'created');
  const written = await mergeEventType(parts, { scope, id, ifMatch: null, by: given.by }, entry.body);
  return done(written, written.entity.version === current.version ? 'unchanged' : 'new_version');
}

async function wouldWrite(parts: ImportParts, given: Import, entry: DocumentedEntry): Promise<Outcome> {
  const { workspaceId } = given;
  const nowMs = parts.clock.nowMs();
  const current = await parts.store.find({ workspaceId, consumerId: null }, idOf(workspaceId, entry.name));
  if (current === null) {
    const entity = newEventType(creationOf(given, entry), nowMs);
    await requireCapacity(parts, workspaceId);
    return { outcome: 'created', entity, propagated: null };
  }
  const entity = mergedEventType(current, entry.body, nowMs);
  return { outcome: entity === current ? 'unchanged' : 'new_version', entity, propagated: null };
}
