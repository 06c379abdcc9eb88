import mongoose from 'mongoose';

// DESIGN section 6: single-document atomicity only. Whatever is not in these lists runs on some MongoDB and not on
// another, or is not atomic, and must not slip in with a convenient call of the library.
const allowedCommands: Readonly<Record<string, readonly string[]>> = {
  createIndexes: ['indexes'],
  insert: ['documents', 'ordered'],
  find: ['filter', 'projection', 'sort', 'limit', 'singleBatch', 'batchSize'],
  update: ['updates', 'ordered'],
  delete: ['deletes', 'ordered'],
  getMore: ['collection', 'batchSize'],
  killCursors: ['cursors'],
  endSessions: [],
};
const commonFields = [
  'lsid',
  '$db',
  '$clusterTime',
  'txnNumber',
  '$readPreference',
  'writeConcern',
  'maxTimeMS',
];
const allowedOperators: ReadonlySet<string> = new Set(['$in', '$lt', '$lte', '$gt', '$and', '$set']);
const allowedStatementFields: ReadonlySet<string> = new Set(['q', 'u', 'limit', 'upsert', 'multi']);
const allowedIndexFields: ReadonlySet<string> = new Set(['key', 'name', 'background']);

type Command = Readonly<Record<string, unknown>>;

const list = (value: unknown): readonly Command[] => (Array.isArray(value) ? (value as Command[]) : []);

function addOperators(value: unknown, found: Set<string>): ReadonlySet<string> {
  if (Array.isArray(value)) {
    for (const item of value) addOperators(item, found);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, field] of Object.entries(value)) {
      if (name.startsWith('$')) found.add(name);
      addOperators(field, found);
    }
  }
  return found;
}

function statementFaults(name: string, statement: Command): string[] {
  const faults = Object.keys(statement)
    .filter((field) => !allowedStatementFields.has(field))
    .map((field) => `${name} with ${field}`);
  const update: unknown = statement['u'];
  if (statement['multi'] === true || statement['upsert'] === true)
    faults.push(`${name} of many, or with upsert`);
  if (name === 'delete' && statement['limit'] !== 1) faults.push('delete of many');
  if (name === 'update' && (Array.isArray(update) || Object.keys(update as object).join() !== '$set')) {
    faults.push('update by something else than $set');
  }
  return faults;
}

/** What is wrong with a command by the lists above, in words. */
function commandFaults(name: string, command: Command): readonly string[] {
  const fields = allowedCommands[name];
  if (fields === undefined) return [`command ${name}`];
  const known = new Set([name, ...fields, ...commonFields]);
  const faults = Object.keys(command)
    .filter((field) => !known.has(field))
    .map((field) => `${name} with ${field}`);
  const statements = [...list(command['updates']), ...list(command['deletes'])];
  for (const statement of statements) faults.push(...statementFaults(name, statement));
  if (list(command['documents']).length > 1) faults.push('insert of many');
  for (const index of list(command['indexes'])) {
    const strange = Object.keys(index).filter((field) => !allowedIndexFields.has(field));
    faults.push(...strange.map((field) => `index with ${field}`));
  }
  const read = { filter: command['filter'], statements, documents: command['documents'] };
  const strange = [...addOperators(read, new Set())].filter((operator) => !allowedOperators.has(operator));
  return [...faults, ...strange.map((operator) => `operator ${operator}`)];
}

/** Every command that went to MongoDB since the guard was set up, and what was wrong with them. */
export type CommandGuard = Readonly<{ seen: ReadonlySet<string>; faults: readonly string[] }>;

type Started = Readonly<{ commandName: string; command: Command }>;

/**
 * Watches every client that connects from here on, in this test file. Their URI must say `monitorCommands=true`:
 * see {@link monitoredUri}.
 */
export function guardCommands(): CommandGuard {
  const seen = new Set<string>();
  const faults: string[] = [];
  const { prototype } = mongoose.mongo.MongoClient;
  const connect = prototype.connect;
  prototype.connect = async function watched(this: mongoose.mongo.MongoClient) {
    this.on('commandStarted', ({ commandName, command }: Started) => {
      seen.add(commandName);
      // As it goes over the wire: the library's own objects have fields that are never sent.
      const { serialize, deserialize } = mongoose.mongo.BSON;
      faults.push(...commandFaults(commandName, deserialize(serialize(command))));
    });
    return connect.call(this);
  };
  return { seen, faults };
}

/** The URI with which a client tells of its commands. */
export function monitoredUri(uri: string): string {
  const url = new URL(uri);
  url.searchParams.set('monitorCommands', 'true');
  return url.href;
}
