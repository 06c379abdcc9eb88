import { type GitHubWebhook, postAsGitHub } from './github-webhooks.ts';

/** The webhooks of one repository, in their order. */
export type Lane = readonly GitHubWebhook[];

/** Options of a burst. `url`: of the source. */
export type BurstOptions = Readonly<{ url: string; secret: string; lanes: readonly Lane[] }>;

/** Numbers of webhooks that were answered 200, 202 and 503. */
export type Progress = Readonly<{ log: number; spool: number; refused: number }>;

/** Counts what a source has answered. */
export type Burst = Readonly<{
  progress(): Progress;
  /** Requests that were sent again because there was no answer. */
  repeated(): number;
  /** Ids of deliveries that were answered 200 or 202. */
  accepted: ReadonlySet<string>;
  /** Ids of deliveries that were answered 503. */
  refused: ReadonlySet<string>;
  /** Resolves when every webhook was answered; rejects at an answer that no provider should get. */
  ended: Promise<void>;
}>;

/**
 * Posts webhooks, lanes side by side and the webhooks of a lane one after the other, each when the one before it was
 * answered. A request without an answer is repeated as the same delivery; what was answered never is. After a 503 a lane
 * rests for the Retry-After, as a repository in which something happens every few seconds.
 */
export function startBurst({ url, secret, lanes }: BurstOptions): Burst {
  const counts = { log: 0, spool: 0, refused: 0 };
  const accepted = new Set<string>();
  const refused = new Set<string>();
  let repeats = 0;
  const answerTo = async (webhook: GitHubWebhook): Promise<Response> => {
    for (;;) {
      try {
        const response = await postAsGitHub(url, webhook, secret);
        await response.arrayBuffer();
        return response;
      } catch {
        repeats += 1;
        await rest(100);
      }
    }
  };
  const post = async (webhook: GitHubWebhook): Promise<void> => {
    const { status, headers } = await answerTo(webhook);
    if (status === 503) {
      counts.refused += 1;
      refused.add(webhook.delivery);
      await rest(Number(headers.get('retry-after')) * 1_000);
      return;
    }
    if (status !== 200 && status !== 202) throw new Error(`${webhook.delivery}: ${status}`);
    counts[status === 200 ? 'log' : 'spool'] += 1;
    accepted.add(webhook.delivery);
  };
  const ended = Promise.all(
    lanes.map(async (lane) => {
      for (const webhook of lane) await post(webhook);
    }),
  ).then(() => undefined);
  return { progress: () => ({ ...counts }), repeated: () => repeats, accepted, refused, ended };
}

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
