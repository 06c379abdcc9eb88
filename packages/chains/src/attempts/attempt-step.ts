import type { RunAttempt } from '@tidings/contracts';
import { type Clock, messageOf } from '@tidings/runtime';
import { retryTime } from '../domain/decide.ts';
import { NonRetriableError, RetryAfterError } from '../handlers/errors.ts';
import type { Step, StepContext } from '../handlers/step.ts';

/** The end of an attempt. */
export type AttemptEnd =
  | Readonly<{ kind: 'succeeded'; attempt: RunAttempt; result: unknown }>
  | Readonly<{ kind: 'failed'; attempt: RunAttempt; retryAtMs: number | null; error: unknown }>;

type Attempt = Readonly<{
  step: Step;
  input: unknown;
  context: StepContext;
  /** Ends the attempt from outside: its signal is that of the context. */
  controller: AbortController;
  clock: Clock;
}>;

/** Largest JSON of a result in bytes: 64 KiB. It is written again with each later state of the run. */
const maxResultBytes = 65_536;
const maxErrorLength = 1_000;

/** The longest wait that a step can ask for: a year. */
const maxWaitMs = 365 * 24 * 3_600_000;

const timedOut = Symbol('timed out');

/** Returns the text of whatever was thrown: also of what has none. */
const textOf = (thrown: unknown): string => {
  try {
    return String(messageOf(thrown));
  } catch {
    return 'an error without a text';
  }
};

const asJson = (name: string, result: unknown): unknown => {
  let text: string;
  try {
    text = JSON.stringify(result ?? null) ?? 'null';
  } catch (cause) {
    throw new NonRetriableError(
      `the result of '${name}' is not JSON (${messageOf(cause)}): return plain data`,
      {
        cause,
      },
    );
  }
  const bytes = Buffer.byteLength(text);
  if (bytes > maxResultBytes) {
    const message = `the result of '${name}' takes ${bytes} bytes of JSON, at most ${maxResultBytes} are kept: return a reference`;
    throw new NonRetriableError(message);
  }
  return JSON.parse(text) as unknown;
};

const retryAt = (
  step: Step,
  attempt: number,
  { error, nowMs }: Readonly<{ error: unknown; nowMs: number }>,
) => {
  if (error instanceof NonRetriableError) return null;
  const scheduledMs = retryTime(step, { attempt, nowMs });
  if (scheduledMs === null || !(error instanceof RetryAfterError)) return scheduledMs;
  const { retryAfter } = error;
  const askedMs = retryAfter instanceof Date ? retryAfter.getTime() : nowMs + retryAfter * 1_000;
  return Number.isFinite(askedMs)
    ? Math.min(Math.max(0, Math.ceil(askedMs)), nowMs + maxWaitMs)
    : scheduledMs;
};

/** Calls the function of a step, and ends at its timeout or when it is aborted, whatever the function does. Never rejects. */
export async function attemptStep({ step, input, context, controller, clock }: Attempt): Promise<AttemptEnd> {
  const startedAtMs = clock.nowMs();
  const beganMs = clock.monotonicMs();
  const attemptOf = (outcome: RunAttempt['outcome'], error: string | null): RunAttempt => ({
    attempt: context.attempt,
    startedAtMs,
    durationMs: Math.max(0, Math.round(clock.monotonicMs() - beganMs)),
    outcome,
    error: error === null ? null : error.slice(0, maxErrorLength),
  });
  let cancel: () => void = () => {};
  const late = new Promise<typeof timedOut>((resolve) => {
    cancel = clock.setTimer(() => resolve(timedOut), step.timeoutMs);
  });
  try {
    const work = Promise.resolve().then(async () => step.run(input as never, context));
    // It may end after its timeout: then nobody looks at its end.
    work.catch(() => {});
    const { signal } = controller;
    const aborted = new Promise<never>((_resolve, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
    );
    aborted.catch(() => {});
    const ended = await Promise.race([work, late, aborted]);
    if (ended !== timedOut) {
      return { kind: 'succeeded', attempt: attemptOf('succeeded', null), result: asJson(step.name, ended) };
    }
    const error = new Error(`no end within ${step.timeoutMs / 1_000} seconds`);
    controller.abort(error);
    const retryAtMs = retryAt(step, context.attempt, { error, nowMs: clock.nowMs() });
    return { kind: 'failed', attempt: attemptOf('timed-out', error.message), retryAtMs, error };
  } catch (error) {
    const retryAtMs = retryAt(step, context.attempt, { error, nowMs: clock.nowMs() });
    return { kind: 'failed', attempt: attemptOf('failed', textOf(error)), retryAtMs, error };
  } finally {
    cancel();
  }
}
