import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type VerifyResult, verify } from '@tidings/signing';
import { type EventuallyOptions, eventually } from './eventually.ts';
import { listenOnLoopback } from './listen-on-loopback.ts';

/** One request that a receiver got, with the body's raw bytes. */
export type ReceivedRequest = Readonly<{
  /** 0 for the receiver's first request, and so on. */
  index: number;
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
  receivedAtMs: number;
  /** Result of verifying the signature; null if the receiver has no secrets. */
  verification: VerifyResult | null;
}>;

/** Answer of a receiver. `hang` never answers; `reset` closes the connection without an answer. */
export type ReceiverAnswer =
  | Readonly<{
      status: number;
      headers?: Readonly<Record<string, string>>;
      body?: string | Buffer;
      /** Delay of the answer in milliseconds. */
      delayMs?: number;
    }>
  | 'hang'
  | 'reset';

/** Returns the answer to each request. */
export type AnswerTo = (request: ReceivedRequest) => ReceiverAnswer;

/** Options of a receiver. */
export type ReceiverOptions = Readonly<{
  /** Secrets (`whsec_…`) that may sign requests. */
  secrets?: readonly string[];
  /** The first answer; default status 204. */
  answer?: ReceiverAnswer | AnswerTo;
  /** Key and certificate in PEM, for an https server; with `ca` it requires a client certificate of that authority. */
  tls?: Readonly<{ key: string; cert: string; ca?: string }>;
  /** Receives the function that closes the receiver; pass vitest's `onTestFinished`. */
  cleanUp?: (close: () => Promise<void>) => void;
}>;

/** A well-behaved HTTP endpoint on loopback. */
export type Receiver = Readonly<{
  /** Without a trailing slash. */
  url: string;
  port: number;
  /** Everything received since the start or the last `forget`, in order of arrival. */
  requests: readonly ReceivedRequest[];
  /** Changes the answer to all requests from now on. */
  answer: (answer: ReceiverAnswer | AnswerTo) => void;
  /** Gives `answer` to the next `times` requests, and then the earlier answer again. */
  failNext: (times: number, answer?: ReceiverAnswer) => void;
  /** Resolves with all requests once there are at least `count`. */
  waitFor: (count: number, options?: EventuallyOptions) => Promise<readonly ReceivedRequest[]>;
  forget: () => void;
  /** Returns the number of open connections. */
  connections: () => number;
  close: () => Promise<void>;
}>;

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function write(response: ServerResponse, answer: Exclude<ReceiverAnswer, string>): void {
  if (response.destroyed) return;
  response.writeHead(answer.status, answer.headers);
  response.end(answer.body);
}

type State = {
  answerTo: AnswerTo;
  failing: { times: number; answer: ReceiverAnswer };
  received: number;
  readonly requests: ReceivedRequest[];
  readonly timers: Set<NodeJS.Timeout>;
};

function give(state: State, response: ServerResponse, answer: ReceiverAnswer): void {
  if (answer === 'hang') return;
  if (answer === 'reset') {
    response.socket?.resetAndDestroy();
    return;
  }
  if (answer.delayMs === undefined) {
    write(response, answer);
    return;
  }
  const timer = setTimeout(() => {
    state.timers.delete(timer);
    write(response, answer);
  }, answer.delayMs);
  state.timers.add(timer);
}

async function handle(
  state: State,
  secrets: readonly string[] | undefined,
  { request, response }: Readonly<{ request: IncomingMessage; response: ServerResponse }>,
): Promise<void> {
  const body = await readBody(request);
  const received: ReceivedRequest = {
    index: state.received,
    method: request.method ?? '',
    path: request.url ?? '',
    headers: request.headers,
    body,
    receivedAtMs: Date.now(),
    verification: secrets === undefined ? null : verify({ headers: request.headers, body, secrets }),
  };
  state.received += 1;
  state.requests.push(received);
  if (state.failing.times > 0) {
    state.failing.times -= 1;
    give(state, response, state.failing.answer);
    return;
  }
  give(state, response, state.answerTo(received));
}

const toFunction = (answer: ReceiverAnswer | AnswerTo): AnswerTo =>
  typeof answer === 'function' ? answer : () => answer;

/**
 * Starts an endpoint on a free port of 127.0.0.1 that records every request and sends the configured answer (default
 * 204). A request whose body is cut off is not recorded.
 */
export async function startReceiver(options: ReceiverOptions = {}): Promise<Receiver> {
  const { secrets, tls, cleanUp } = options;
  const state: State = {
    answerTo: toFunction(options.answer ?? { status: 204 }),
    failing: { times: 0, answer: { status: 500 } },
    received: 0,
    requests: [],
    timers: new Set(),
  };
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    // A sender that disconnects early ends the request; no peer is left to respond to.
    handle(state, secrets, { request, response }).catch(() => response.destroy());
  };
  const server =
    tls === undefined
      ? createServer(onRequest)
      : createTlsServer({ ...tls, requestCert: tls.ca !== undefined }, onRequest);
  const { port, sockets, close: closeServer } = await listenOnLoopback(server);
  const close = async () => {
    for (const timer of state.timers) clearTimeout(timer);
    await closeServer();
  };
  cleanUp?.(close);
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    requests: state.requests,
    answer: (answer) => {
      state.answerTo = toFunction(answer);
    },
    failNext: (times, answer = { status: 500 }) => {
      state.failing = { times, answer };
    },
    waitFor: (count, waiting) =>
      eventually(() => {
        if (state.requests.length < count) {
          throw new Error(`the receiver got ${state.requests.length} requests, ${count} are awaited`);
        }
        return state.requests;
      }, waiting),
    forget: () => {
      state.requests.length = 0;
    },
    connections: () => sockets.size,
    close,
  };
}
