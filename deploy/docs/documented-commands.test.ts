import { expect, test } from 'vitest';
import { commands } from '../../packages/cli/src/program.ts';
import { documents } from './documents.ts';

// Of every command, and of `tidings` itself.
const common = ['--help', '--json', '--url', '--version'];

/** Returns each `tidings …` of a document: in a block of commands, also in `$(…)` and before a pipe, or in code quotes. */
function commandsIn(text: string): readonly string[] {
  const blocks = [...text.matchAll(/^( *)```sh.*\n([\s\S]*?)^\1```/gm)]
    .flatMap(([, , block = '']) =>
      block
        .replace(/\\\n\s*/g, '')
        .replace(/ #.*$/gm, '')
        .split('\n'),
    )
    // Of these, `tidings` is the name of a release or of an image.
    .filter((line) => !/^(helm|kubectl|docker) /.test(line))
    .flatMap((line) => [...line.matchAll(/(?:^|[ (])tidings ([^#|)]*)/g)].map(([, command = '']) => command));
  const quoted = [...text.matchAll(/`(?:npx )?tidings ([^`]+)`/g)].map(([, command = '']) => command);
  return [...blocks, ...quoted].map((command) => command.replace(/\s+/g, ' ').trim());
}

/** Returns why a command does not exist; null if it does. A group alone, such as `sources`, is fine. */
function faultOf(command: string): string | null {
  // Quoted values may contain anything.
  const words = command.replace(/'[^']*'|"[^"]*"/g, 'value').split(' ');
  const options = words.filter((word) => /^--[a-z]/.test(word)).map((word) => word.replace(/[=,;:.].*/, ''));
  const spec = [2, 1]
    .map((count) => words.slice(0, count).join(' '))
    .map((name) => commands.find((one) => one.name === name))
    .find((one) => one !== undefined);
  const isGroup = commands.some(({ name }) => name.startsWith(`${words[0]} `));
  if (spec === undefined)
    return isGroup && (words.length === 1 || !/^[a-z]/.test(words[1] ?? '')) ? null : 'no such command';
  const known = new Set([
    ...common,
    ...(spec.options ?? []).flatMap(({ flags }) => flags.match(/--[a-z-]+/g) ?? []),
  ]);
  const unknown = options.filter((option) => !known.has(option));
  return unknown.length === 0 ? null : `no option ${unknown.join(', ')}`;
}

test('every command of the documentation exists, with its options', () => {
  // The changelog has commands of earlier releases.
  const pages = documents().filter(({ path }) => path !== 'CHANGELOG.md');
  const found = pages.flatMap(({ path, text }) => commandsIn(text).map((command) => ({ path, command })));
  expect(found.length).toBeGreaterThan(100);
  const faults = found.flatMap(({ path, command }) => {
    const fault = faultOf(command);
    return fault === null ? [] : [`${path}: tidings ${command}: ${fault}`];
  });
  expect(faults).toEqual([]);
});
