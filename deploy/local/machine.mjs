import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { UserError } from './options.mjs';

const minNode = [20, 19];
const minJava = 17;

/** Throws unless this Node version can run Tidings. */
export function requireNode(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number);
  if (major > minNode[0] || (major === minNode[0] && minor >= minNode[1])) return;
  throw new UserError(
    `Node.js is ${version}, but Tidings needs ${minNode.join('.')} or newer. Install it from your package manager or nodejs.org, then start again.`,
  );
}

/**
 * Throws unless Java is available, and Maven as long as the jars are not downloaded. Runs before the installation, so
 * that the error appears at once.
 */
export function requireJavaAndMaven(folder, env = process.env) {
  requireJava(env);
  const cache = join(folder, 'target');
  if (existsSync(cache) && readdirSync(cache).some((name) => /^jars-.*\.txt$/.test(name))) return;
  const maven = spawnSync('mvn', ['-v'], { env, encoding: 'utf8' });
  if (maven.error === undefined) return;
  throw new UserError(
    'Maven (mvn) was not found. Install Maven 3.6 or newer: it fetches Kafka. Or set KAFKA_BROKERS and MONGODB_URI to use existing clusters.',
  );
}

function requireJava(env) {
  const home = env.JAVA_HOME;
  const java = spawnSync(home ? join(home, 'bin', 'java') : 'java', ['-version'], { env, encoding: 'utf8' });
  if (java.error !== undefined || java.status !== 0) {
    throw new UserError(
      home
        ? `JAVA_HOME is ${home}, but there is no working Java. Set it to a JDK ${minJava} or newer, or unset it.`
        : `Java was not found. Install a JDK ${minJava} or newer (for example Temurin or your system's openjdk package), then start again.`,
    );
  }
  const version = /version "(?:1\.)?(\d+)/.exec(java.stderr)?.[1];
  if (version !== undefined && Number(version) < minJava) {
    throw new UserError(
      `Java is ${version}, but Kafka 4 needs ${minJava} or newer. Install a newer JDK or set JAVA_HOME to one.`,
    );
  }
}
