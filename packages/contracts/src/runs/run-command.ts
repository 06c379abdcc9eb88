import type { RunId } from '../ids/ids.ts';
import { compileSchema, exactly, parseJson, shape } from '../wire/schemas.ts';
import { DecodeError, type WireRecord } from '../wire/wire.ts';

/**
 * Order to continue a failed run: steps that succeeded stay, unless they were compensated. Orders for a run that is not
 * in the state of `sequence` any more are ignored, so a repeat has no effect.
 */
export type RunRetryRequested = Readonly<{
  type: 'RunRetryRequested.v1';
  runId: RunId;
  /** Sequence of the failed state that the caller has seen. */
  sequence: number;
  /** Key, or component of Tidings, that requested it. */
  by: string;
  atMs: number;
}>;

/** Order to end a run: no further step begins, nothing is compensated. Ignored if it has ended. */
export type RunCancelRequested = Readonly<{
  type: 'RunCancelRequested.v1';
  runId: RunId;
  by: string;
  reason: string | null;
  atMs: number;
}>;

/** Record of the commands of an application (`tidings.chains.<app>.commands`). */
export type RunCommand = RunRetryRequested | RunCancelRequested;

const checkCommand = compileSchema<RunCommand>('run command', {
  oneOf: [
    exactly({
      type: { const: 'RunRetryRequested.v1' },
      runId: shape.runId,
      sequence: { type: 'integer', minimum: 1 },
      by: shape.text,
      atMs: shape.epochMs,
    }),
    exactly({
      type: { const: 'RunCancelRequested.v1' },
      runId: shape.runId,
      by: shape.text,
      reason: shape.nullableText,
      atMs: shape.epochMs,
    }),
  ],
});

/** Encodes a command. Write it to the partition of the run (`event.partition` of its state); the key is the run id. */
export const encodeRunCommand = (command: RunCommand): WireRecord => ({
  key: command.runId,
  headers: {},
  value: Buffer.from(JSON.stringify(command)),
});

/** Decodes a record of an application's commands. Throws DecodeError. */
export const decodeRunCommand = ({ value }: WireRecord): RunCommand => {
  if (value === null) throw new DecodeError('not a valid run command', 'the value is missing');
  return checkCommand(parseJson('run command', value.toString('utf8')));
};
