import type { HealthEvent, WorkspaceId } from '@tidings/contracts';
import type { Logger, Metrics } from '@tidings/observability';
import { type Clock, messageOf, sleep } from '@tidings/runtime';
import type { metricsCatalogue } from '../metrics.ts';
import type { SendRequest } from '../subscriptions/ports.ts';
import { type NoticeTarget, noticeBody } from './domain/notice.ts';

/** Dependencies of {@link NoticeSender}. `targetOf` returns null when the workspace receives no notices. */
export type NoticeParts = Readonly<{
  targetOf(workspace: WorkspaceId): NoticeTarget | null;
  send: SendRequest;
  clock: Clock;
  logger: Logger;
  metrics: Pick<Metrics<typeof metricsCatalogue>['handles'], 'notices'>;
}>;

const retryAfterMs = [1_000, 10_000, 60_000];
const timeoutMs = 10_000;
// Notices queued per workspace, so that a slow URL delays only its own workspace. Notices beyond the limit are dropped.
const maxWaiting = 100;

/**
 * Sends notices to the URL of a workspace: one at a time, with a few retries each, in memory only. Notices are
 * best-effort; an operational subscription is the reliable way to receive these events.
 */
export class NoticeSender {
  readonly #parts: NoticeParts;
  readonly #queues = new Map<WorkspaceId, HealthEvent[]>();
  readonly #closing = new AbortController();

  constructor(parts: NoticeParts) {
    this.#parts = parts;
  }

  /** Queues a notice if its workspace has a URL; returns at once. */
  offer(event: HealthEvent): void {
    if (this.#closing.signal.aborted || this.#targetOf(event.workspaceId) === null) return;
    const queue = this.#queues.get(event.workspaceId);
    if (queue === undefined) {
      const fresh = [event];
      this.#queues.set(event.workspaceId, fresh);
      void this.#work(event.workspaceId, fresh);
    } else if (queue.length < maxWaiting) queue.push(event);
    else this.#parts.metrics.notices.inc({ outcome: 'dropped' });
  }

  /** Stops sending; drops queued notices. */
  close(): void {
    this.#closing.abort();
  }

  #targetOf(workspaceId: WorkspaceId): NoticeTarget | null {
    try {
      return this.#parts.targetOf(workspaceId);
    } catch (error) {
      // The sealing key is unavailable: an operator has to restore it. The operation that caused the notice continues.
      this.#parts.logger.error({ workspaceId, detail: messageOf(error) }, 'notice.url-not-opened');
      return null;
    }
  }

  async #work(workspace: WorkspaceId, queue: HealthEvent[]): Promise<void> {
    for (let event = queue[0]; event !== undefined && !this.#closing.signal.aborted; event = queue[0]) {
      const isSent = await this.#deliver(event);
      this.#parts.metrics.notices.inc({ outcome: isSent ? 'sent' : 'failed' });
      queue.shift();
    }
    this.#queues.delete(workspace);
  }

  async #deliver(event: HealthEvent): Promise<boolean> {
    for (const waitMs of [...retryAfterMs, null]) {
      const fault = await this.#try(event);
      if (fault === null) return true;
      if (waitMs === null || this.#closing.signal.aborted) {
        const { type, workspaceId, data } = event;
        const fields = { workspaceId, subscriptionId: data.subscription_id, eventType: type, detail: fault };
        this.#parts.logger.warn(fields, 'notice.not-sent');
        return false;
      }
      await sleep(this.#parts.clock, waitMs, this.#closing.signal);
      if (this.#closing.signal.aborted) return false;
    }
    return false;
  }

  /** Sends the notice once. Returns the error message, or null. */
  async #try(event: HealthEvent): Promise<string | null> {
    const target = this.#targetOf(event.workspaceId);
    if (target === null) return 'the workspace no longer has a URL for notices';
    try {
      const body = noticeBody(event, target);
      const headers = { 'content-type': 'application/json' };
      const sent = await this.#parts.send({ url: target.url, headers, body, timeoutMs });
      if (sent.kind === 'failed') return sent.reason;
      return sent.status >= 200 && sent.status < 300 ? null : `status ${sent.status}`;
    } catch (error) {
      return messageOf(error);
    }
  }
}
