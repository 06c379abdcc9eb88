import type { RunRecorded } from '@tidings/contracts';
import type { Logger } from '@tidings/observability';
import { backoffMs, type Clock, messageOf, sleep } from '@tidings/runtime';

/** A URL that is told of failed runs: `json` posts the run, `slack` a text for chats (Slack, Mattermost, Discord's /slack). */
export type AlertTarget = Readonly<{ url: string; style: 'json' | 'slack' }>;

/** A failed run, as `onRunFailed` and alerts get it. */
export type FailedRun = Pick<
  RunRecorded,
  'runId' | 'app' | 'handler' | 'event' | 'failure' | 'steps' | 'retries'
>;

const tries = 3;
const timeoutMs = 10_000;
const backoff = { baseMs: 1_000, maxMs: 10_000, random: Math.random };

/** Returns the text of an alert. */
const alertText = ({ runId, app, handler, event, failure }: FailedRun): string => {
  const step = failure?.step == null ? '' : ` at step ${failure.step}`;
  return `Run ${runId} of ${app}/${handler} failed${step}: ${failure?.message ?? 'unknown'} (event ${event.type} ${event.id})`;
};

const bodyOf = (style: AlertTarget['style'], run: FailedRun): string => {
  if (style === 'slack') return JSON.stringify({ text: alertText(run) });
  const { runId, app, handler, event, failure, retries } = run;
  const { id, type, workspaceId } = event;
  const alert = { type: 'tidings.run.failed', runId, app, handler, retries, failure };
  return JSON.stringify({ ...alert, event: { id, type, workspaceId } });
};

type Tools = Readonly<{ clock: Clock; logger: Logger; signal: AbortSignal }>;

/** Tells a URL of a failed run. Never rejects: a failure after three tries is logged. */
export async function sendAlert(
  { url, style }: AlertTarget,
  run: FailedRun,
  { clock, logger, signal }: Tools,
): Promise<void> {
  const { runId } = run;
  for (let attempt = 1; attempt <= tries && !signal.aborted; attempt += 1) {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: bodyOf(style, run),
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      await response.body?.cancel();
      if (response.ok) return;
      logger.warn({ runId, attempt, status: response.status }, 'alert.refused');
    } catch (error) {
      // No URL in the line: that of a chat is a credential.
      logger.warn({ runId, attempt, detail: messageOf(error) }, 'alert.not-sent');
    }
    if (attempt < tries) await sleep(clock, backoffMs({ attempt, ...backoff }), signal);
  }
}
