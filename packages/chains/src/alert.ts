import { chatBody, type NoticeStyle, type RunRecorded } from '@tidings/contracts';
import type { Logger } from '@tidings/observability';
import { Fifo } from '@tidings/queues';
import { backoffMs, type Clock, messageOf, sleep } from '@tidings/runtime';

/**
 * A URL that is told of failed runs: `json` posts the run, `slack` a text for chats (Slack, Mattermost, Discord's /slack),
 * `telegram` a text by the Bot API, whose URL is `https://api.telegram.org/bot<token>/sendMessage?chat_id=<chat>`. No line of
 * the log has it: that of a chat is a credential.
 */
export type AlertTarget = Readonly<{ url: string; style: NoticeStyle }>;

/** A failed run, as `onRunFailed` and alerts get it. */
export type FailedRun = Pick<
  RunRecorded,
  'runId' | 'app' | 'handler' | 'event' | 'failure' | 'steps' | 'retries'
>;

// Of one URL. Chats take about one message a second.
const maxInFlight = 4;
const maxWaiting = 1_000;
const tries = 3;
const timeoutMs = 10_000;
const backoff = { baseMs: 1_000, maxMs: 10_000, random: Math.random };

/** Returns the text of an alert. */
const alertText = ({ runId, app, handler, event, failure }: FailedRun): string => {
  const step = failure?.step == null ? '' : ` at step ${failure.step}`;
  return `Run ${runId} of ${app}/${handler} failed${step}: ${failure?.message ?? 'unknown'} (event ${event.type} ${event.id})`;
};

const bodyOf = ({ url, style }: AlertTarget, run: FailedRun): string => {
  if (style !== 'json') return chatBody({ url, style }, alertText(run));
  const { runId, app, handler, event, failure, retries } = run;
  const { id, type, workspaceId } = event;
  const alert = { type: 'tidings.run.failed', runId, app, handler, retries, failure };
  return JSON.stringify({ ...alert, event: { id, type, workspaceId } });
};

type Tools = Readonly<{ clock: Clock; logger: Logger; signal: AbortSignal }>;

/** An alert, ready to be sent: it does not hold the run. */
type Alert = Readonly<{ runId: string; body: string }>;

/** The alerts of one URL: a few posts at one time, a bounded number that wait, and those beyond are left out. */
export class Alerts {
  readonly #target: AlertTarget;
  readonly #tools: Tools;
  readonly #waiting = new Fifo<Alert>();
  #inFlight = 0;

  constructor(target: AlertTarget, tools: Tools) {
    this.#target = target;
    this.#tools = tools;
  }

  /** Tells the URL of a failed run. A failure after three tries is logged, and so is an alert that is left out. */
  add(run: FailedRun): void {
    const { runId } = run;
    if (this.#waiting.length >= maxWaiting) {
      this.#tools.logger.warn({ runId, waiting: maxWaiting }, 'alert.left-out');
      return;
    }
    this.#waiting.push({ runId, body: bodyOf(this.#target, run) });
    if (this.#inFlight < maxInFlight) void this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    this.#inFlight += 1;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      await this.#send(next);
    }
    this.#inFlight -= 1;
  }

  async #send({ runId, body }: Alert): Promise<void> {
    const { clock, logger, signal } = this.#tools;
    for (let attempt = 1; attempt <= tries && !signal.aborted; attempt += 1) {
      try {
        const response = await fetch(this.#target.url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body,
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
}
