import {
  encodeRun,
  encodeRunState,
  type RunRecorded,
  type RunStep,
  topics,
  type WireRecord,
} from '@tidings/contracts';
import { maxRecordBytes, type OutgoingRecord } from '@tidings/kafka';

/** The records of a state, and the state that is in them. */
export type EncodedState = Readonly<{
  run: RunRecorded;
  /** Length of its JSON and of the data of the event. */
  size: number;
  /** For the run log. */
  state: WireRecord;
  /** For `tidings.runs`. */
  fact: OutgoingRecord;
}>;

const header = 'tidings-run';
// Key, the name of the header, and what a record has around them.
const spareBytes = 2_048;
const empty = Buffer.alloc(0);
// About 250 bytes each.
const maxOutlined = 1_000;

const textOf = ({ headers }: WireRecord): string => headers[header] ?? '';

/** Returns steps without what may be large in them: results and attempts. */
const outlined = (steps: readonly RunStep[]): readonly RunStep[] =>
  steps.map((step) => ({ ...step, result: null, attempts: [] }));

/** Returns a failed state in place of one that does not fit into a record: with the first steps, without results. */
const tooLarge = (run: RunRecorded, bytes: number): RunRecorded => ({
  ...run,
  status: 'failed',
  endedAtMs: run.recordedAtMs,
  waitingUntilMs: null,
  steps: outlined(run.steps.slice(0, maxOutlined)),
  failure: {
    reason: 'state-too-large',
    step: null,
    message: `the state takes ${bytes} bytes, at most ${maxRecordBytes - spareBytes} fit: return references from steps, and publish smaller data`,
  },
});

/**
 * Encodes a state for the run log and for `tidings.runs`. One that does not fit becomes a failed state. Of a run that
 * completed or was cancelled the data of the event, results and attempts are not kept in the run log.
 */
export const encodeState = (run: RunRecorded, data: string): EncodedState => {
  const fact = encodeRun(run);
  const text = textOf(fact);
  // Without its epoch, so that the next owner can write the same state again.
  const bytes = Buffer.byteLength(text) + Buffer.byteLength(data) - String(run.epoch).length;
  if (bytes > maxRecordBytes - spareBytes) return encodeState(tooLarge(run, bytes), '');
  const isDone = run.status === 'completed' || run.status === 'cancelled';
  const state = isDone
    ? encodeRunState({ ...run, steps: outlined(run.steps) }, empty)
    : encodeRunState(run, Buffer.from(data));
  return { run, size: text.length + data.length, state, fact: { topic: topics.runs, ...fact } };
};
