import { expect, test } from 'vitest';

import { endCauseOf } from './end-cause.ts';

test("a service's message to its operator is the cause, without further advice", () => {
  const log = '{"level":"info"}\ningress: port 8701 on 127.0.0.1 is taken: stop it\ningress: and more\n';
  expect(endCauseOf('ingress', log)).toEqual({
    cause: 'port 8701 on 127.0.0.1 is taken: stop it; and more',
    advice: '',
  });
});

test('a process of several services reports as tidings, whatever it is called here', () => {
  const log = '{"level":"info"}\ntidings: INGRESS_PORT must be an integer\n';
  expect(endCauseOf('pipeline', log)).toEqual({ cause: 'INGRESS_PORT must be an integer', advice: '' });
});

test('the message of a JSON line is shown, not its stack', () => {
  const line = JSON.stringify({
    level: 'fatal',
    event: 'service.start-failed',
    error: { stack: 'Error: no\n    at x (y.js:1)' },
    detail: 'it does not work',
  });
  expect(endCauseOf('ingress', `${line}\n`).cause).toBe('it does not work');
});

test.each([
  'java.net.BindException: Address already in use',
  'Error: listen EADDRINUSE: address already in use 127.0.0.1:8710',
])('a store whose port was taken meanwhile has no damaged data: %s', (line) => {
  const { cause, advice } = endCauseOf('broker-1', `INFO begins\nERROR ${line}\n\tat java.base/Net.bind\n`);
  expect(cause).toBe(`ERROR ${line}`);
  expect(advice).toContain('npm start -- --port-base N');
});

test('any other error may mean damaged data', () => {
  expect(endCauseOf('broker-1', 'ERROR no such file\n').advice).toContain('move the data folder away');
});
