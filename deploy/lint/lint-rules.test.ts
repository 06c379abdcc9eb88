import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const bin = join(root, 'node_modules/.bin/oxlint');

const clauses = ['What', 'Whatever', 'Where', 'Whether', 'Who', 'Whoever', 'Whose', 'How'];
const wanted = `
/** Returns what it is. */
export const one = 1;
/** A route. How it is called is in its path. */
export const two = 2;
/** However often it is called. */
export function three(): void {
  /* What a comment inside a function may say. */
  // Where others wait.
}
`;

const later = 'declare const later: () => Promise<number>;\n';
const lines = Array.from({ length: 51 }, (_, at) => `  console.log(${at});`).join('\n');

/** Programs, each with the one rule that refuses it. */
const refused: Readonly<Record<string, readonly [rule: string, program: string]>> = {
  'a promise that nobody waits for': ['typescript(no-floating-promises)', `${later}later();`],
  'a promise where nothing waits': ['typescript(no-misused-promises)', `${later}[1].forEach(later);`],
  'waiting for a value': ['typescript(await-thenable)', 'export const a = await 1;'],
  'a case that is missing': [
    'typescript(switch-exhaustiveness-check)',
    'export function f(a: 1 | 2): void {\n  switch (a) {\n    case 1:\n      break;\n  }\n}',
  ],
  'a thrown text': ['typescript(only-throw-error)', "throw 'no';"],
  'a promise that leaves a try block': [
    'typescript(return-await)',
    `${later}export async function f(): Promise<number> {\n  try {\n    return later();\n  } catch {\n    return 0;\n  }\n}`,
  ],
  'a value imported for its type': [
    'typescript(consistent-type-imports)',
    "import { EventEmitter } from 'node:events';\nexport type A = EventEmitter;",
  ],
  'a value of any type that is assigned': [
    'typescript(no-unsafe-assignment)',
    "export const a: string = JSON.parse('1');",
  ],
  'a value of any type that is passed on': [
    'typescript(no-unsafe-argument)',
    "export const a = Number.parseInt(JSON.parse('1'));",
  ],
  'four parameters': ['eslint(max-params)', 'export const f = (a: 1, b: 1, c: 1, d: 1) => a + b + c + d;'],
  'a function of 51 lines': ['eslint(max-lines-per-function)', `export function f(): void {\n${lines}\n}`],
  'an export of everything': ['tidings(no-export-all)', "export * from 'node:path';"],
  ...Object.fromEntries(
    clauses.map((word) => [
      `a doc comment that begins with ${word}`,
      [
        'tidings(doc-comment-opening)',
        `/** ${word} it is. */\nexport const a = 1;\n/**\n * ${word} it is.\n * Whole.\n */\nexport const b = 1;`,
      ],
    ]),
  ),
};

type Report = Readonly<{ diagnostics: readonly Readonly<{ code: string; filename: string }>[] }>;

let folder: string;
let report: Report;

beforeAll(() => {
  // Outside the repository, whose lint may run at the same time.
  folder = mkdtempSync(join(tmpdir(), 'tidings-lint-'));
  mkdirSync(join(folder, 'refused'));
  const write = (name: string, text: string) => writeFileSync(join(folder, name), `${text}\nexport {};\n`);
  Object.values(refused).forEach(([, program], at) => {
    write(`refused/${at}.ts`, program);
  });
  write('wanted.ts', wanted);
  const compilerOptions = { typeRoots: [join(root, 'node_modules/@types')] };
  const project = { extends: join(root, 'tsconfig.base.json'), compilerOptions, include: ['**/*.ts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(project));
  const args = ['--config', join(root, '.oxlintrc.json'), '--type-aware', '--format', 'json', folder];
  report = JSON.parse(spawnSync(bin, args, { cwd: root, encoding: 'utf8' }).stdout) as Report;
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const rulesAgainst = (file: string): readonly string[] =>
  report.diagnostics.filter(({ filename }) => basename(filename) === file).map(({ code }) => code);

test.each(Object.keys(refused).map((name, at) => [name, at] as const))('refuses %s', (name, at) => {
  expect([...new Set(rulesAgainst(`${at}.ts`))]).toEqual([refused[name]?.[0]]);
});

test('finds both forms of a doc comment, on one line and on several', () => {
  const at = Object.keys(refused).indexOf('a doc comment that begins with How');
  expect(rulesAgainst(`${at}.ts`)).toHaveLength(2);
});

test('accepts other doc comments, and other comments that begin so', () => {
  expect(rulesAgainst('wanted.ts')).toEqual([]);
});
