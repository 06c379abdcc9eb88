import type { WorkspaceId } from '@tidings/contracts';
import { detailsOf, type Validate } from '@tidings/http';
import { AppError, type ErrorCode, type ErrorDetail } from '@tidings/runtime';
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

/** What importing works with. `validate`: holds a body against the schema of bodies. */
export type ImportParts = WriteParts<EventType> & Readonly<{ validate: Validate<ReplaceBody> }>;

/** A document, and what is to be done with it. `isDryRun`: nothing is written. `isForced`: also what can break readers. */
export type Import = Readonly<{
  workspaceId: WorkspaceId;
  document: unknown;
  isDryRun: boolean;
  isForced: boolean;
  by: Actor;
}>;

/** What can become of a type in a document. */
export const importOutcomes = ['created', 'new_version', 'unchanged', 'refused'] as const;

/** What became of a type in a document, or would. `entity`, `propagated` and `code` are null where there is none. */
export type Imported = Readonly<{
  name: string;
  pointer: string;
  outcome: (typeof importOutcomes)[number];
  entity: EventType | null;
  propagated: boolean | null;
  code: ErrorCode | null;
  /** With pointers into the document. */
  errors: readonly ErrorDetail[];
}>;

// Each waits up to a second for its topic while the brokers are away.
const atOnce = 20;

/**
 * Takes the types of a document into the catalogue, each by the rules and with the audit entry of one that is written
 * alone. One that is refused does not keep the others out. Throws AppError `unprocessable` for a document of neither kind.
 */
export async function importEventTypes(parts: ImportParts, given: Import): Promise<readonly Imported[]> {
  const entries = readDocument(given.document);
  const most = limits.importedTypes;
  if (entries.length > most) {
    const detail = `may have at most ${most} event types, got ${entries.length}: split it`;
    const message = `The document ${detail}.`;
    throw new AppError({ code: 'unprocessable', message, details: [{ pointer: '', detail }] });
  }
  const first = new Map([...entries].reverse().map((entry) => [entry.name, entry]));
  const imported: Imported[] = [];
  for (let from = 0; from < entries.length; from += atOnce) {
    const some = entries.slice(from, from + atOnce).map(async (entry) => {
      const other = first.get(entry.name) ?? entry;
      if (other === entry) return importOne(parts, given, entry);
      const detail = `is named '${entry.name}', as is ${other.pointer}`;
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
    // Anything else, such as a database that is away, is no fault of the type.
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
