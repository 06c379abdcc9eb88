import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { useClassArchive } from './class-archive.ts';

const inOrder = { code: 143, signal: null };
const killed = { code: null, signal: 'SIGKILL' } as const;

const aFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-class-archive-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const jar = join(folder, 'kafka.jar');
  writeFileSync(jar, 'jar');
  const use = (jvm = 'JVM 17', env: NodeJS.ProcessEnv = {}) =>
    useClassArchive({ folder, program: 'broker', jvm, jars: [jar], env });
  /** The value of the option that names an archive. */
  const fileOf = ({ args }: ReturnType<typeof use>, option: string) =>
    args.find((arg) => arg.startsWith(`${option}=`))?.slice(option.length + 1);
  /** Runs a JVM that writes an archive and ends. */
  const record = (end: Parameters<ReturnType<typeof use>['onEnded']>[0], jvm?: string) => {
    const recording = use(jvm);
    const fresh = fileOf(recording, '-XX:ArchiveClassesAtExit');
    if (fresh !== undefined) writeFileSync(fresh, 'archive');
    recording.onEnded(end, false);
    return fresh;
  };
  const archives = () => readdirSync(folder).filter((name) => name.includes('.jsa'));
  return { jar, use, fileOf, record, archives };
};

it('records the classes at the first start, and uses them from the next one on', () => {
  const { use, fileOf, record, archives } = aFolder();
  const fresh = record(inOrder);
  expect(fresh).toBeDefined();
  const next = use();
  expect(archives().map((name) => fileOf(next, '-XX:SharedArchiveFile')?.endsWith(name))).toEqual([true]);
  expect(fileOf(next, '-XX:ArchiveClassesAtExit')).toBeUndefined();
  expect(next.onEnded(inOrder, false)).toBeNull();
  expect(archives()).toHaveLength(1);
});

it('keeps nothing of a JVM that was killed, or that wrote nothing', () => {
  const { use, fileOf, record, archives } = aFolder();
  record(killed);
  use().onEnded(inOrder, false);
  expect(archives()).toEqual([]);
  expect(fileOf(use(), '-XX:ArchiveClassesAtExit')).toBeDefined();
});

it.each(['JAVA_TOOL_OPTIONS', 'JDK_JAVA_OPTIONS'])(
  'uses an archive, and records none, with an agent in %s',
  (name) => {
    const { use, fileOf, record } = aFolder();
    const env = { [name]: '-Xshare:auto -javaagent:/agent.jar=all' };
    expect(use(undefined, env).args).toEqual([]);
    record(inOrder);
    expect(fileOf(use(undefined, env), '-XX:SharedArchiveFile')).toBeDefined();
  },
);

it('gives concurrent recordings files of their own', () => {
  const { use, fileOf } = aFolder();
  const [one, other] = [use(), use()];
  expect(fileOf(one, '-XX:ArchiveClassesAtExit')).not.toBe(fileOf(other, '-XX:ArchiveClassesAtExit'));
});

it('records anew for another JVM and for changed jars, and removes the archives of the ones before', () => {
  const { jar, use, fileOf, record, archives } = aFolder();
  record(inOrder);
  // Of a stack that was killed.
  writeFileSync(`${jar.replace('kafka.jar', 'broker-0123456789abcdef.jsa')}.4711-1`, 'unfinished');
  const earlier = archives();
  record(inOrder, 'JVM 21');
  expect(archives()).toHaveLength(1);
  expect(earlier).not.toContain(archives()[0]);
  utimesSync(jar, 1, 1);
  expect(fileOf(use('JVM 21'), '-XX:SharedArchiveFile')).toBeUndefined();
});

const crashes = [
  { code: null, signal: 'SIGABRT' },
  { code: null, signal: 'SIGBUS' },
  { code: null, signal: 'SIGSEGV' },
  { code: 134, signal: null },
  { code: 139, signal: null },
] as const;
it.each(crashes)('removes the archive that a JVM crashed with, at any time: %o', (end) => {
  const { use, fileOf, record, archives } = aFolder();
  record(inOrder);
  const used = use();
  const file = fileOf(used, '-XX:SharedArchiveFile') ?? '';
  expect(used.onEnded(end, false)).toBe(
    `its archive of classes, ${file}, may be damaged and has been removed; the next start does without`,
  );
  expect(archives()).toEqual([]);
  // Of another process, that began with the same archive.
  expect(used.onEnded(end, true)).toContain(file);
  expect(fileOf(use(), '-XX:ArchiveClassesAtExit')).toBeDefined();
});

it('removes the archive of a JVM that failed to start with an error or hung, and of no other that ended', () => {
  const { use, record, archives } = aFolder();
  record(inOrder);
  const failed = { code: 1, signal: null };
  for (const end of [inOrder, { code: 0, signal: null }]) expect(use().onEnded(end, true)).toBeNull();
  for (const end of [failed, killed]) expect(use().onEnded(end, false)).toBeNull();
  expect(archives()).toHaveLength(1);
  for (const end of [failed, killed]) {
    record(inOrder);
    expect(use().onEnded(end, true)).toContain('has been removed');
    expect(archives()).toEqual([]);
  }
});

it('blames no archive for the crash of a JVM that used none, and keeps nothing of it', () => {
  const { use, fileOf, archives } = aFolder();
  const recording = use();
  writeFileSync(fileOf(recording, '-XX:ArchiveClassesAtExit') ?? '', 'a part');
  expect(recording.onEnded({ code: null, signal: 'SIGBUS' }, true)).toBeNull();
  expect(archives()).toEqual([]);
});
