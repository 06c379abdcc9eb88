import type { Target } from '../api/find-target.ts';
import { followStream, type StreamFrame } from '../api/follow-stream.ts';
import { countOf, type Given, secondsOf, textOf } from '../command.ts';
import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';
import { readHeaders } from '../input/read-webhook.ts';
import { inWords } from '../output/show.ts';
import { type Forwarded, Forwarder } from './forwarder.ts';
import { onKeys } from './keys.ts';
import type { Render } from './webhook-of-event.ts';

/** The destination of events and their form. `signs`: how requests are signed, in words. */
export type Plan = Readonly<{
  url: string;
  render: Render;
  source: string | undefined;
  signs: string;
}>;

const graceMs = 1_000;

/**
 * Forwards events until Ctrl-C, the key `q` or --count. Throws CommandFailed at Ctrl-C, with a summary, and for a refusal
 * of the stream.
 */
export async function forwardStream(given: Given, target: Target, plan: Plan): Promise<void> {
  const stop = new AbortController();
  let isInterrupted = false;
  const interrupt = (): void => {
    isInterrupted = true;
    stop.abort();
  };
  const forwarder = await forwarderOf(given, target, { plan, quit: () => stop.abort() });
  given.onInterrupt(interrupt);
  const endKeys = onKeys(given.input.stdin, {
    resend: () => void resend(given, forwarder),
    quit: () => stop.abort(),
    interrupt,
  });
  const hint = endKeys === null ? '^C quits' : 'r sends the last failed again, q quits';
  try {
    await follow(given, target, { forwarder, plan, stop: stop.signal, hint });
  } finally {
    endKeys?.();
    await forwarder.close(graceMs);
  }
  end(given, forwarder, isInterrupted);
}

async function forwarderOf(
  given: Given,
  target: Target,
  { plan: { url, render }, quit }: Readonly<{ plan: Plan; quit(): void }>,
): Promise<Forwarder> {
  const isJson = given.options['json'] === true;
  const count = countOf(given, 'count') ?? Infinity;
  let requests = 0;
  return new Forwarder({
    ...{ target, url, render, headers: await ownHeaders(given) },
    timeoutMs: 1_000 * (secondsOf(given, 'timeout') ?? 30),
    onResult: (result) => {
      given.print(isJson ? JSON.stringify({ kind: 'forwarded', ...result }) : lineOf(result));
      requests += 1;
      if (requests >= count) quit();
    },
  });
}

async function ownHeaders(given: Given): Promise<Readonly<Record<string, string>>> {
  const raw = await readHeaders(given);
  const pairs = raw.flatMap((name, at) => (at % 2 === 0 ? [[name.toLowerCase(), raw[at + 1] ?? '']] : []));
  return Object.fromEntries(pairs) as Record<string, string>;
}

async function resend(given: Given, forwarder: Forwarder): Promise<void> {
  if (!(await forwarder.resend())) given.progress('Nothing was forwarded yet.');
}

type Following = Readonly<{ forwarder: Forwarder; plan: Plan; stop: AbortSignal; hint: string }>;

async function follow(
  given: Given,
  target: Target,
  { forwarder, plan, stop, hint }: Following,
): Promise<void> {
  const frames = followStream(target, {
    query: { kinds: 'event', types: textOf(given, 'events'), consumer_id: textOf(given, 'consumer') },
    lastId: textOf(given, 'after'),
    onRetry: (reason) => {
      if (!stop.aborted) given.progress(`${reason}: connecting again`);
    },
    signal: stop,
  });
  let isReady = false;
  for await (const frame of frames) {
    if (frame.event === 'ready') {
      given.progress(
        isReady ? resumedText(frame) : `Ready: forwarding to ${plan.url}, ${plan.signs} (${hint})`,
      );
      isReady = true;
    }
    if (frame.event === 'gap') given.progress(`gap: ${inWords(frame.data['reason'])}: events are missing`);
    if (isWanted(frame, plan.source)) await forwarder.add(frame);
    else forwarder.pass(frame);
    if (stop.aborted) return;
  }
}

const resumedText = ({ data }: StreamFrame): string =>
  data['resumed'] === true ? 'connected again, nothing was missed' : 'connected again';

const isWanted = ({ event, data }: StreamFrame, source: string | undefined): boolean =>
  event === 'event' && (source === undefined || data['source'] === `/v1/sources/${source}`);

function lineOf(result: Forwarded): string {
  const { event_id: id, event_type: type, attempt, status, duration_ms: tookMs, error } = result;
  const time = new Date().toISOString().slice(11, 23);
  const again = attempt > 1 ? `  #${attempt}` : '';
  const answer = status === null ? `failed: ${inWords(error)}` : `[${status}]`;
  return `${time}  ${inWords(type)}  ${inWords(id)}  ${answer}  ${tookMs} ms${again}`;
}

function end(given: Given, { counts, resumeId }: Forwarder, isInterrupted: boolean): void {
  const { forwarded, failed } = counts;
  if (given.options['json'] === true)
    given.print(JSON.stringify({ kind: 'summary', forwarded, failed, last_id: resumeId ?? null }));
  const after = resumeId === undefined ? '' : ` To go on here: --after ${resumeId}`;
  const summary = `${forwarded} forwarded, ${failed} failed.${after}`;
  if (isInterrupted) throw new CommandFailed(exitCodes.interrupted, summary);
  given.progress(summary);
}
