import { expect, test } from 'vitest';

import { requireJavaAndMaven, requireNode } from './machine.mjs';
import { readOptions } from './options.mjs';

const folders = { root: '/repo', cwd: '/home/me' };

test('uses the default options and a data folder in the repository without arguments', () => {
  expect(readOptions([], folders)).toEqual({
    help: false,
    brokers: null,
    portBase: 8700,
    onlyStack: false,
    restartBrokers: false,
    form: 'split',
    instances: 1,
    demo: true,
    monitoring: false,
    dataDir: '/repo/.tidings',
  });
});

test('reads every option; a relative data folder is relative to the working directory', () => {
  const args = [
    '--brokers',
    '3',
    '--only-stack',
    '--restart-brokers',
    '--separate',
    '--data=here',
    '--port-base',
    '9900',
    '--no-demo',
  ];
  expect(readOptions(args, folders)).toEqual({
    help: false,
    brokers: 3,
    portBase: 9900,
    onlyStack: true,
    restartBrokers: true,
    form: 'separate',
    instances: 1,
    demo: false,
    monitoring: false,
    dataDir: '/home/me/here',
  });
});

test('divides the services among two processes, one, or one each', () => {
  const formOf = (...args: string[]) => readOptions(args, folders).form as string;
  expect([formOf(), formOf('--together'), formOf('--separate')]).toEqual(['split', 'together', 'separate']);
  expect(() => formOf('--together', '--separate')).toThrow('--separate and --together exclude each other.');
});

test('runs each process several times, or those that are named', () => {
  const instancesOf = (...args: string[]): unknown => readOptions(args, folders).instances;
  expect([
    instancesOf('--instances', '3'),
    instancesOf('--instances', 'pipeline=2,delivery=3'),
    instancesOf('--separate', '--instances', 'fanout=2'),
  ]).toEqual([3, { pipeline: 2, delivery: 3 }, { fanout: 2 }]);
});

test('runs Prometheus only with the services that it watches', () => {
  expect(readOptions(['--monitoring'], folders).monitoring).toBe(true);
  expect(() => readOptions(['--monitoring', '--only-stack'], folders)).toThrow(
    '--monitoring watches the services: --only-stack excludes it.',
  );
});

test.each([
  [['--brokers', '2'], "--brokers must be 1 or 3, got '2'."],
  [['--port-base', '70000'], "--port-base must be an integer from 1 to 65502, got '70000'."],
  [['--port-base', '1e3'], "--port-base must be an integer from 1 to 65502, got '1e3'."],
  [['--instances', '9'], "--instances must be an integer from 1 to 8, got '9'."],
  [['--instances', 'delivery=0'], "--instances delivery= must be an integer from 1 to 8, got '0'."],
  [
    ['--instances', 'delivery=2,'],
    /^--instances must name processes or services \(pipeline, .*\), got ''\.$/,
  ],
  [['--separate', '--instances', 'pipeline=2'], /\(console, .*\), got 'pipeline=2'\.$/],
  [['--instances', 'fanout=2,fanout=3'], "--instances must name each once, got 'fanout=2,fanout=3'."],
  [['--instances', '2', '--only-stack'], '--instances runs services: --only-stack excludes it.'],
  [['--instances', '2', '--port-base', '65500'], /from 1 to 65439, got '65500'/],
  [['--data='], '--data must name a folder.'],
  [['--color'], "Unknown option '--color'. 'npm start -- --help' lists the options."],
  [['now'], "Unexpected argument 'now'. 'npm start -- --help' lists the options."],
])('refuses %j: %s', (args, message) => {
  expect(() => readOptions(args, folders)).toThrow(message);
});

test.each(['18.20.4', '20.18.3'])('refuses Node %s as too old', (version) => {
  expect(() => requireNode(version)).toThrow(`Node.js is ${version}, but Tidings needs 20.19 or newer.`);
});

test.each(['20.19.0', '22.1.0', '24.0.0'])('accepts Node %s', (version) => {
  expect(() => requireNode(version)).not.toThrow();
});

test('reports a JAVA_HOME without Java and how to correct it', () => {
  expect(() => requireJavaAndMaven('/nowhere', { JAVA_HOME: '/nowhere', PATH: process.env['PATH'] })).toThrow(
    'JAVA_HOME is /nowhere, but there is no working Java. Set it to a JDK 17 or newer, or unset it.',
  );
});

test('reports which of Java and Maven is missing and how to install it', () => {
  expect(() => requireJavaAndMaven('/nowhere', { PATH: '/nowhere' })).toThrow(
    /^Java was not found\. Install a JDK 17/,
  );
});
