import { decodeDeadLetterFact, deliveryId, eventId } from '../../../packages/contracts/src/index.ts';
import { MongoDeadLetterStore } from '../../../services/history/src/dead-letters/adapters/mongo-dead-letter-store.ts';
import { takeOverJobs } from '../../../services/history/src/dead-letters/adapters/take-over-jobs.ts';
import {
  contentOf,
  type DeadLetter,
  deadLetterKey,
  deadLetterOf,
  deadLetterStates,
} from '../../../services/history/src/dead-letters/domain/dead-letter.ts';
import { erasedDeadLetter } from '../../../services/history/src/dead-letters/domain/erase-dead-letter.ts';
import type { Job } from '../../../services/history/src/jobs/domain/job.ts';
import { deadLetterExamples } from '../messages/delivery-examples.ts';
import { atMs, ids } from '../messages/example.ts';
import { type CollectionFormat, unmeasured } from './collection-format.ts';

const { workspaceId } = ids;
const position = { partition: 3, offset: 12 };

const taken = { jobId: ids.jobId, chain: 1 };
const settled = { atMs, by: ids.keyId, reason: 'not needed' };
const recorded = deadLetterExamples.flatMap(({ record }, at) => {
  const fact = decodeDeadLetterFact(record);
  if (!('deadLetter' in fact)) return [];
  const { deadLetter, value } = fact;
  const numbered =
    'state' in deadLetter
      ? { ...deadLetter, state: { ...deadLetter.state, chain: at } }
      : { ...deadLetter, origin: { ...deadLetter.origin, offset: `9007199254740993${at}` } };
  const whole = { deadLetter: numbered, value, traceparent: record.headers['traceparent'] ?? null, position };
  return [{ deadLetter: deadLetterOf(whole, () => workspaceId), content: contentOf(whole) }];
});
const writeLetters: CollectionFormat['write'] = async ({ connection }) => {
  const [first] = recorded;
  if (first === undefined) throw new Error('no example of a dead letter');
  const chained = (deadLetter: DeadLetter, chain: number): DeadLetter => ({
    ...deadLetter,
    ref: { ...deadLetter.ref, ...(deadLetter.ref.kind === 'delivery' && { chain }) },
  });
  await new MongoDeadLetterStore(connection, unmeasured).insert([
    ...recorded,
    ...deadLetterStates.map((state, at) => ({
      ...first,
      deadLetter: { ...chained(first.deadLetter, at + 100), state, taken, settled },
    })),
    { deadLetter: erasedDeadLetter(chained(first.deadLetter, 200)), content: { kind: 'erased' } },
  ]);
};
const refs = new Map(recorded.map(({ deadLetter: { ref } }) => [deadLetterKey(ref), ref]));
const refOf = (id: string) => {
  const [event = '', delivery = '', chain] = id.split('/');
  return (
    refs.get(id) ?? {
      ...{ kind: 'delivery' as const, eventId: eventId(event), deliveryId: deliveryId(delivery) },
      chain: Number(chain),
    }
  );
};
const deadLetters: CollectionFormat = {
  ...{ collection: 'dead_letters', write: writeLetters },
  read: async ({ connection }, id) => new MongoDeadLetterStore(connection, unmeasured).read([refOf(id)]),
};
const contents: CollectionFormat = {
  ...{ collection: 'dead_letter_contents', write: writeLetters },
  read: async ({ connection }, id) =>
    new MongoDeadLetterStore(connection, unmeasured).readContents([refOf(id)]),
};

// Nothing writes these any more: documents as version 0.1 had them before jobs had a collection of their own.
const formerJob = {
  ...{ _id: ids.jobId, action: 'redrive', workspace_id: workspaceId, owner_id: null, filters_json: '{}' },
  ...{ by: ids.keyId, reason: null, rate_per_second: 50, state: 'running', is_open: true },
  ...{ stretches: [{ partition: 0, from: 1, to: 9 }], created_at_ms: atMs, ended_at_ms: null, failures: 0 },
  ...{
    counts: { settled: 1, delivered: 2, skipped: 3, failed: 4 },
    error: null,
    claim: '',
    claimed_until_ms: 0,
  },
};
const formerJobs: CollectionFormat = {
  collection: 'dead_letter_jobs',
  write: async (documents) => documents.put('dead_letter_jobs', formerJob),
  read: async ({ connection }) => {
    const found: Job[] = [];
    const insert = async (job: Job): Promise<boolean> => found.push(job) > 0;
    await takeOverJobs(connection, { insert });
    return found;
  },
};

/** The collections of dead letters. */
export const deadLetterFormats: readonly CollectionFormat[] = [deadLetters, contents, formerJobs];
