import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { runCommand } from './run-command.ts';

type Asked = { line: string; headers: Record<string, unknown>; body: unknown };

/** An API that answers everything with one thing, and a command line that knows where it is. */
export async function anApi(status = 200, answer: unknown = {}, type = 'application/json') {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { method, url, headers } = request;
      asked.push({ line: `${method} ${url}`, headers, body: body === '' ? undefined : JSON.parse(body) });
      const said = typeof answer === 'string' ? answer : JSON.stringify(answer);
      response.writeHead(status, { 'content-type': type }).end(said);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const env = { TIDINGS_URL: url, TIDINGS_API_KEY: 'a-key' };
  return { url, asked, run: async (...args: string[]) => run(args, { env }) };
}

/** Runs a command line, and keeps what it prints. */
export async function run(
  args: readonly string[],
  { env = {}, folder = '/' }: { env?: NodeJS.ProcessEnv; folder?: string },
) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCommand(args, {
    env,
    folder,
    print: (line) => out.push(line),
    complain: (line) => err.push(line),
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}
