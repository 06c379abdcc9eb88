import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { javaOf, shiftedJavaClock } from './java-clock.ts';

// Prints its wall clock, which it reads in both ways, and its monotonic one for each line of its input.
const program = `
public class Clock {
  public static void main(String[] args) {
    java.util.Scanner lines = new java.util.Scanner(System.in);
    while (lines.hasNextLine()) {
      lines.nextLine();
      System.out.println(
          System.currentTimeMillis() + " " + java.time.Instant.now().toEpochMilli() + " " + System.nanoTime() / 1000000);
    }
  }
}`;

it('steps the wall clock of a Java program, and no monotonic one, while a file says so', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-java-clock-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const clockFolder = join(folder, 'clocks');
  mkdirSync(clockFolder);
  const source = join(import.meta.dirname, 'java', 'ShiftedClock.java');
  const agent = await shiftedJavaClock({ source, folder: join(folder, 'agent'), clockFolder });
  const env = { ...process.env, ...agent };
  writeFileSync(join(folder, 'Clock.java'), program);
  const java = javaOf(process.env);
  await promisify(execFile)(java, [
    ...['-m', 'jdk.compiler/com.sun.tools.javac.Main', '-d', folder],
    join(folder, 'Clock.java'),
  ]);
  const child = spawn(java, ['-cp', folder, 'Clock'], { env, stdio: ['pipe', 'pipe', 'ignore'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const stepsMs = async (): Promise<readonly number[]> => {
    child.stdin.write('now\n');
    const [millis = 0, instant = 0, monotonic = 0] = String((await lines.next()).value)
      .split(' ')
      .map(Number);
    return [millis - monotonic, instant - monotonic];
  };
  const before = await stepsMs();
  const hours = async (): Promise<readonly number[]> =>
    (await stepsMs()).map((step, index) => Math.round((step - (before[index] ?? 0)) / 3_600_000));
  expect(await hours()).toEqual([0, 0]);
  const file = join(clockFolder, String(child.pid));
  writeFileSync(file, String(-2 * 3_600_000));
  await expect.poll(hours, { timeout: 10_000 }).toEqual([-2, -2]);
  rmSync(file);
  await expect.poll(hours, { timeout: 10_000 }).toEqual([0, 0]);
  // Four JVMs are started, each of which takes seconds on a busy machine.
}, 120_000);
