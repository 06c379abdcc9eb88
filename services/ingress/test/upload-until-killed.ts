import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { workspaceId } from '@tidings/contracts';
import { openStorage, storageSettings } from '@tidings/object-storage';
import { createMetrics, silentLogger } from '@tidings/observability';
import { loadConfig, systemClock } from '@tidings/runtime';
import { readWhole } from '../src/adapters/event-routes.ts';
import { createAcceptLargeEvent } from '../src/large-data/accept-large-event.ts';
import { UploadSlots } from '../src/large-data/upload-slots.ts';
import { metricsCatalogue } from '../src/metrics.ts';

// Accepts a large event in the folder of its first argument, and kills this process at the step of its second: `uploading`,
// `uploaded` (its data have their key) or `published`; without one it prints the id. `log` in the folder has the records.
const [, , folder = '', killAt] = process.argv;
const pass = (step: string): void => {
  if (step === killAt) process.kill(process.pid, 'SIGKILL');
};

async function* body(): AsyncGenerator<Buffer, void> {
  yield Buffer.from('{"type":"report.made","data":"');
  for (let at = 0; at < 20; at += 1) {
    yield Buffer.alloc(100_000, 0x61);
    if (at === 10) pass('uploading');
  }
  yield Buffer.from('"}');
}

const storage = openStorage(loadConfig(storageSettings, { OBJECT_STORAGE_FOLDER: join(folder, 'objects') }));
const acceptLargeEvent = createAcceptLargeEvent({
  ...{ storage, slots: new UploadSlots(), readEnvelope: readWhole, clock: systemClock, logger: silentLogger },
  ...{ checkConsumer: () => {}, checkEventType: () => null },
  metrics: createMetrics(metricsCatalogue, { service: 'ingress', nodeMetrics: false }).handles,
  publish: async (events) => {
    pass('uploaded');
    for (const { event } of events)
      appendFileSync(join(folder, 'log'), `${event.id} ${event.large?.sha256} ${event.large?.bytes}\n`);
    pass('published');
    return 'log';
  },
});
const submission = { idempotencyKey: 'once', traceparent: '', maySpool: false };
const { id } = await acceptLargeEvent(body(), { workspaceId: workspaceId('ws_kill'), ...submission });
await storage.close();
process.stdout.write(id);
