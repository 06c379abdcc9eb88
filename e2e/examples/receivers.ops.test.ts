import { it } from 'vitest';
import { expectReceives, type ReceiverExample } from '../harness/receiver-example.ts';
import { sharedTidings } from '../harness/shared-tidings.ts';

/** Returns the path of a program that deploy/ops/example-tests.mjs installs. */
function program(variable: string): string {
  const path = process.env[variable];
  if (path === undefined) throw new Error(`${variable} is not set: run npm run test:ops.`);
  return path;
}

const examples: readonly ReceiverExample[] = [
  { name: 'python', commands: () => [[program('TEST_PYTHON'), 'python/receive.py']] },
  {
    name: 'php',
    commands: (port) => [
      [program('TEST_PHP'), '-S', `127.0.0.1:${port}`, 'php/receive.php'],
      [program('TEST_PHP'), 'php/work.php'],
    ],
  },
  { name: 'go', commands: () => [[program('TEST_GO_RECEIVER')]] },
];

it.each(examples)(
  'the receiver $name processes each webhook once, and refuses what is not genuine',
  async (example) => {
    await expectReceives(await sharedTidings(), example);
  },
);
