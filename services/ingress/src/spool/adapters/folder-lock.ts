import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, open, rename, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { AppError, messageOf } from '@tidings/runtime';

const lockName = 'lock';
const tries = 5;

/** A folder that this process alone uses. */
export type LockedFolder = Readonly<{ release(): Promise<void> }>;

/**
 * Creates a folder (mode 0700) if there is none, and locks it: a socket that listens in it, which the kernel closes with the
 * process, however it ends. Unlike the id of a process it also holds between containers that share the folder. Rejects
 * with AppError `conflict` if another process uses it, and `config-invalid` if it cannot be used.
 */
export async function lockFolder(folder: string): Promise<LockedFolder> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
    return await lock(folder);
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    const message = `INGRESS_SPOOL_DIR: the folder '${folder}' cannot be used: ${messageOf(cause)}`;
    throw new AppError({ code: 'config-invalid', message, cause });
  }
}

async function lock(folder: string): Promise<LockedFolder> {
  const own = `${lockName}.${randomBytes(6).toString('hex')}`;
  const server = await listenIn(folder, own);
  try {
    for (let round = 0; round < tries; round += 1) {
      if (await takeName(folder, own)) return { release: async () => release(folder, server, lockName) };
      await removeAbandoned(folder);
    }
    throw inUse(folder);
  } catch (error) {
    await release(folder, server, own);
    throw error;
  }
}

const inUse = (folder: string): AppError => {
  const message = `INGRESS_SPOOL_DIR: another process uses the folder '${folder}': give each instance of ingress its own`;
  return new AppError({ code: 'conflict', message });
};

// The address of a socket has at most 107 bytes: the folder is named by its descriptor.
async function inFolder<T>(folder: string, use: (path: string) => Promise<T>): Promise<T> {
  if (process.platform !== 'linux') return use(folder);
  const handle = await open(folder, 'r');
  try {
    return await use(`/proc/self/fd/${handle.fd}`);
  } finally {
    await handle.close();
  }
}

async function listenIn(folder: string, name: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  server.unref();
  await inFolder(
    folder,
    async (path) =>
      new Promise<void>((resolve, reject) => {
        server.once('error', reject).listen(join(path, name), resolve);
      }),
  );
  return server;
}

/** Gives the socket the name of the lock. link(2) fails if the name exists: of two attempts only one succeeds. */
async function takeName(folder: string, own: string): Promise<boolean> {
  try {
    await link(join(folder, own), join(folder, lockName));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  await rm(join(folder, own), { force: true });
  return true;
}

/** Removes the socket of a process that has ended. Rejects with `conflict` if it is in use. */
async function removeAbandoned(folder: string): Promise<void> {
  if (await isAnswering(folder, lockName)) throw inUse(folder);
  const aside = `${lockName}.${randomBytes(6).toString('hex')}`;
  try {
    await rename(join(folder, lockName), join(folder, aside));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  // Between the question and the renaming another process may have taken the name.
  if (await isAnswering(folder, aside)) {
    await link(join(folder, aside), join(folder, lockName)).catch(() => {});
    throw inUse(folder);
  }
  await rm(join(folder, aside), { force: true });
}

async function isAnswering(folder: string, name: string): Promise<boolean> {
  return inFolder(
    folder,
    async (path) =>
      new Promise<boolean>((resolve) => {
        const socket = connect(join(path, name));
        socket.once('connect', () => {
          socket.destroy();
          resolve(true);
        });
        socket.once('error', () => resolve(false));
      }),
  );
}

async function release(folder: string, server: Server, name: string): Promise<void> {
  await rm(join(folder, name), { force: true });
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
