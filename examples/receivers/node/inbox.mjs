import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Opens an inbox: the folder `waiting` has a file for each webhook that is still to be processed, and `done` an empty
 * one for each that was, both named by webhook-id. `work` gets a webhook at a time. What was stored before a crash is
 * processed after the next start; where `work` throws, with the next webhook or at the next start.
 */
export async function openInbox(folder, work) {
  const waiting = join(folder, 'waiting');
  const done = join(folder, 'done');
  await mkdir(waiting, { recursive: true });
  await mkdir(done, { recursive: true });

  async function processOne(id) {
    if (!existsSync(join(done, id))) {
      await work(id, JSON.parse(await readFile(join(waiting, id), 'utf8')));
      await writeFile(join(done, id), '');
    }
    // After the mark in `done`: a crash in between costs nothing.
    await rm(join(waiting, id));
  }

  async function processAll() {
    for (const id of await readdir(waiting)) {
      await processOne(id).catch((error) => console.error(`${id} failed: ${error.message}`));
    }
  }

  // One run after the other, so that no webhook is processed twice at the same time.
  let running = processAll();
  const wake = () => {
    running = running.then(processAll);
  };

  return {
    /** Stores a webhook, unless it is waiting already. When this resolves it is on the disk: respond 2xx. */
    async store(id, body) {
      const draft = join(folder, `${randomUUID()}.draft`);
      await writeFile(draft, body, { flush: true });
      // A link appears with its whole content, or fails because there is one of that name.
      await link(draft, join(waiting, id)).catch((error) => {
        if (error.code !== 'EEXIST') throw error;
      });
      await rm(draft);
      wake();
    },
  };
}
