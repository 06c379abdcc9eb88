import type { DataFolder } from '../data-folder.ts';
import { type DemoInbox, startDemoInbox } from './demo-inbox.ts';
import { demoCurl, ensureDemoSubscription } from './demo-subscription.ts';

/** The demo of a running stack. `port`: that of the inbox. */
export type DemoOptions = Readonly<{
  folder: Pick<DataFolder, 'secrets' | 'saveSecrets'>;
  apiUrl: string;
  adminKey: string;
  host: string;
  port: number;
  print: (line: string) => void;
}>;

/** Starts the inbox, and subscribes it. The inbox runs also if it could not be subscribed; a line says why. */
export async function startDemo({
  folder,
  apiUrl,
  adminKey,
  host,
  port,
  print,
}: DemoOptions): Promise<DemoInbox> {
  const inbox = await startDemoInbox({ host, port, print, curl: demoCurl(apiUrl, adminKey) });
  const outcome = await ensureDemoSubscription({
    apiUrl,
    adminKey,
    endpointUrl: inbox.endpointUrl,
    brokenUrl: inbox.brokenUrl,
    remembered: folder.secrets().demo,
  });
  if (outcome.kind === 'refused') {
    print(`warning: no demo subscription; everything else works: ${outcome.reason}`);
    return inbox;
  }
  inbox.trust(outcome.demo.secret);
  if (outcome.isNew) folder.saveSecrets({ ...folder.secrets(), demo: outcome.demo });
  return inbox;
}
