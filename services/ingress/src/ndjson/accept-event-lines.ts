import { AppError } from '@tidings/runtime';
import type { Submission } from '../accept-event.ts';
import type { AcceptEventBatch, BatchItem, ItemResult } from '../accept-event-batch.ts';
import type { EventDraft } from '../domain/stamp-event.ts';
import { type Line, linesOf } from './lines-of.ts';

/** A line that was not accepted. An error that is not the caller's fault means unknown. */
export type LineFailure = Readonly<{ line: number; error: unknown }>;

/**
 * The result of a stream. `failures` are the first 1,000 of `refused`. `stopped`: present if the rest was not read,
 * with the first line that was not, and the reason.
 */
export type LinesResult = Readonly<{
  accepted: number;
  refused: number;
  failures: readonly LineFailure[];
  stopped?: LineFailure;
}>;

/** Dependencies of {@link createAcceptEventLines}. `read` throws for a line that is no event. */
export type LinesOptions = Readonly<{
  acceptEventBatch: AcceptEventBatch;
  read(line: Buffer): EventDraft;
  maxLineBytes: number;
}>;

export type AcceptEventLines = (
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
  submission: Submission,
) => Promise<LinesResult>;

const maxFailures = 1_000;
// What is on its way to the log at once. By lines and bytes only, so that a repeat has the same groups.
const maxGroupLines = 500;
const maxGroupBytes = 1024 * 1024;

/**
 * Creates the use case that accepts the events of a stream, one JSON text a line, in their order: a group of lines is read
 * when the log has the one before. Stops at a group of which the log did not take everything, so that what follows does
 * not overtake it, and when the stream fails after something was accepted. Throws the error of a stream of which nothing
 * was accepted, and `invalid-request` for one without a line.
 */
export function createAcceptEventLines(options: LinesOptions): AcceptEventLines {
  const { acceptEventBatch, read } = options;
  return async (chunks, submission) => {
    const maxLineBytes = Math.min(options.maxLineBytes, submission.maxEventBytes ?? options.maxLineBytes);
    const tally = new Tally();
    let next = 1;
    try {
      for await (const group of groupsOf(linesOf(chunks, maxLineBytes))) {
        const items = group.map((line) => itemOf(line, { read, maxLineBytes }));
        const place = { indexOf: (at: number) => (group[at]?.number ?? 0) - 1, pointerOf: () => '' };
        const results = await acceptEventBatch(items, submission, place);
        next = (group.at(-1)?.number ?? 0) + 1;
        const lost = tally.add(group, results);
        if (lost !== undefined) return tally.result({ line: next, error: lost });
      }
    } catch (error) {
      if (tally.accepted === 0 || !(error instanceof AppError)) throw error;
      return tally.result({ line: next, error });
    }
    if (next > 1) return tally.result();
    throw new AppError({
      code: 'invalid-request',
      message: 'The body has no event: send one JSON object a line.',
    });
  };
}

async function* groupsOf(lines: AsyncIterable<Line>): AsyncGenerator<readonly Line[], void> {
  let group: Line[] = [];
  let bytes = 0;
  for await (const line of lines) {
    const size = line.bytes?.length ?? 0;
    if (group.length === maxGroupLines || (group.length > 0 && bytes + size > maxGroupBytes)) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(line);
    bytes += size;
  }
  if (group.length > 0) yield group;
}

function itemOf(
  { bytes, size }: Line,
  { read, maxLineBytes }: Pick<LinesOptions, 'read' | 'maxLineBytes'>,
): BatchItem {
  try {
    if (bytes === null) throw tooLong(size, maxLineBytes);
    return { ok: true, draft: read(bytes) };
  } catch (error) {
    return { ok: false, error };
  }
}

const tooLong = (size: number, maxBytes: number): AppError =>
  new AppError({
    code: 'payload-too-large',
    message: `A line may have at most ${maxBytes} bytes, got ${size}.`,
  });

class Tally {
  accepted = 0;
  #refused = 0;
  readonly #failures: LineFailure[] = [];

  /** Adds the results of a group. Returns the error of an event that the log may not have; undefined without one. */
  add(group: readonly Line[], results: readonly ItemResult[]): Error | undefined {
    let lost: Error | undefined;
    for (const [at, result] of results.entries()) {
      if (result.ok) {
        this.accepted += 1;
        continue;
      }
      const { error } = result;
      this.#refused += 1;
      if (this.#failures.length < maxFailures) this.#failures.push({ line: group[at]?.number ?? 0, error });
      if (!(error instanceof AppError)) lost ??= new Error('a defect', { cause: error });
      else if (error.retryable) lost ??= error;
    }
    // Nothing was accepted at all: the caller gets the error itself.
    if (lost !== undefined && this.accepted === 0 && this.#refused === group.length) throw lost;
    return lost;
  }

  result(stopped?: LineFailure): LinesResult {
    const result = { accepted: this.accepted, refused: this.#refused, failures: this.#failures };
    return stopped === undefined ? result : { ...result, stopped };
  }
}
