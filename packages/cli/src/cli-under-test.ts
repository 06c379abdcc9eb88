import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { runCommand } from './run-command.ts';

/** A received request. */
export type ReceivedRequest = { line: string; headers: Record<string, unknown>; raw: string; body: unknown };

type Answer = Readonly<{ status?: number; body: unknown; headers?: Readonly<Record<string, string>> }>;

/** Starts an API that answers every request with one response, and a command line configured for it. */
export async function anApi(status = 200, answer: unknown = {}, type = 'application/json') {
  return anAnsweringApi(() => ({ status, body: answer }), type);
}

/** Starts an API that answers with the result of `answerTo`, and a command line configured for it. */
export async function anAnsweringApi(
  answerTo: (requests: ReceivedRequest) => Answer,
  type = 'application/json',
) {
  const requests: ReceivedRequest[] = [];
  const server = createServer((request, response) => {
    void text(request).then((raw) => {
      const { method, url, headers } = request;
      const one = {
        line: `${method} ${url}`,
        headers,
        raw,
        body: raw === '' ? undefined : (JSON.parse(raw) as unknown),
      };
      requests.push(one);
      const { status = 200, body, headers: more } = answerTo(one);
      const content = typeof body === 'string' ? body : JSON.stringify(body);
      response.writeHead(status, { 'content-type': type, ...more }).end(content);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const env = { TIDINGS_URL: url, TIDINGS_API_KEY: 'a-key' };
  return {
    url,
    requests,
    env,
    run: async (...args: string[]) => run(args, { env }),
    /** Runs with the given files in the working folder and the given standard input. */
    runWith: async (place: Place, ...args: string[]) => run(args, { env, ...place }),
  };
}

/** Creates a folder with these files, by their paths in it. It is removed at the end of the test. */
export function aFolder(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  return folder;
}

type Place = Readonly<{
  folder?: string;
  stdin?: Readable | string | Buffer;
  /** Receives what a Ctrl-C calls. */
  onInterrupt?(stop: () => void): void;
}>;

/** Runs a command line and captures its output. */
export async function run(
  args: readonly string[],
  {
    env = {},
    folder = '/',
    stdin = '',
    onInterrupt = () => {},
  }: Readonly<{ env?: NodeJS.ProcessEnv }> & Place,
) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCommand(args, {
    env,
    folder,
    stdin: stdin instanceof Readable ? stdin : Readable.from([Buffer.from(stdin)]),
    print: (line) => out.push(line),
    printError: (line) => err.push(line),
    onInterrupt,
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}
