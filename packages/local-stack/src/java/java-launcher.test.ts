import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { compileLauncher, minJava } from './java-launcher.ts';

test('any Java from the oldest one on can run the launcher, whichever compiles it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tidings-java-launcher-'));
  onTestFinished(async () => rm(folder, { recursive: true, force: true }));
  // In place of a newer Java: it records its arguments, and writes the file that the tool of the jar would.
  const java = join(folder, 'java');
  const script = `#!/bin/sh
echo "$@" >> '${folder}/calls'
while [ $# -gt 0 ]; do [ "$1" = --file ] && echo jar > "$2"; shift; done
true
`;
  await writeFile(java, script);
  await chmod(java, 0o755);
  const target = join(folder, 'target', 'launcher.jar');
  await compileLauncher({ java, jars: ['kafka.jar'], sources: ['A.java'], target });
  const [compiled] = (await readFile(join(folder, 'calls'), 'utf8')).split('\n');
  expect(compiled).toMatch(
    new RegExp(`^-m jdk.compiler/com.sun.tools.javac.Main --release ${minJava} .*A.java$`),
  );
  expect(await readdir(join(folder, 'target'))).toEqual(['launcher.jar']);
});
