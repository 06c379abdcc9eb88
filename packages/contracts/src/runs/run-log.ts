import { compileSchema, exactly, parseJson, shape } from '../wire/schemas.ts';
import { DecodeError, type WireRecord } from '../wire/wire.ts';
import { decodeRun, encodeRun, type RunRecorded } from './run.ts';

/** A worker has taken over a partition: written before it reads the states of the runs, up to this record. */
export type EpochStarted = Readonly<{
  type: 'EpochStarted.v1';
  /** Larger than every epoch before it in the partition. */
  epoch: number;
  /** Distinguishes two workers that chose the same epoch: the first in the log has it. */
  owner: string;
  /** Events before this offset of the partition start no run. Decimal text. */
  fromOffset: string;
  atMs: number;
}>;

/** Every state that is still needed was written again in this epoch: records of older epochs are void. */
export type EpochSettled = Readonly<{ type: 'EpochSettled.v1'; epoch: number }>;

/** Content of a record of an application's run log (`tidings.chains.<app>`) that is not a tombstone. */
export type RunLogEntry = Readonly<{ run: RunRecorded; data: Buffer }> | EpochStarted | EpochSettled;

const header = 'tidings-epoch';

const checkEpoch = compileSchema<EpochStarted | EpochSettled>('epoch', {
  oneOf: [
    exactly({
      type: { const: 'EpochStarted.v1' },
      epoch: { type: 'integer', minimum: 1 },
      owner: shape.text,
      fromOffset: { type: 'string', pattern: '^[0-9]+$' },
      atMs: shape.epochMs,
    }),
    exactly({ type: { const: 'EpochSettled.v1' }, epoch: { type: 'integer', minimum: 1 } }),
  ],
});

/**
 * Returns the key of a state in the run log: one for each run and epoch. A worker that lost the partition without noticing
 * cannot replace what its successor wrote: compaction keeps only the last record of a key.
 */
export const runLogKey = ({ runId, epoch }: Pick<RunRecorded, 'runId' | 'epoch'>): string =>
  `${runId}/${epoch}`;

const epochKey = (marker: EpochStarted | EpochSettled): string =>
  marker.type === 'EpochStarted.v1' ? `epoch/${marker.epoch}/${marker.owner}` : `settled/${marker.epoch}`;

/** Encodes a state with the data of its event, byte for byte. Write it to the partition of the event. */
export const encodeRunState = (run: RunRecorded, data: Buffer): WireRecord => ({
  ...encodeRun(run),
  key: runLogKey(run),
  value: data,
});

/** Encodes a marker of an epoch. Write it to the partition that it is about. */
export const encodeEpoch = (marker: EpochStarted | EpochSettled): WireRecord => ({
  key: epochKey(marker),
  headers: { [header]: JSON.stringify(marker) },
  value: Buffer.alloc(0),
});

/** Decodes a record of a run log other than a tombstone. Throws DecodeError. */
export const decodeRunLogEntry = (record: WireRecord): RunLogEntry => {
  if (record.value === null) throw new DecodeError('not a valid record of a run log', 'the value is missing');
  const marker = record.headers[header];
  if (marker !== undefined) return checkEpoch(parseJson('epoch', marker));
  return { run: decodeRun(record), data: record.value };
};
