import { writeJsonFile } from './json-file.ts';
import { type ServiceSurroundings, serviceUrl } from './service-parts.ts';

/**
 * `.tidings/local.json`: what a script needs to talk to the running stack. It is there from the moment everything is ready
 * until the stack stops. `url` is the one origin that serves every /v1 path; null with --only-stack.
 */
export type LocalState = Readonly<{
  url: string | null;
  admin_key: string;
  workspace_id: string;
  /** `host:port,host:port`, as KAFKA_BROKERS wants it. */
  brokers: string;
  mongodb_uri: string;
  services: Readonly<Record<string, string>>;
  /** The processes themselves, not wrappers: services by name, `broker-N`, `mongodb`. Only those that the stack started. */
  pids: Readonly<Record<string, number>>;
}>;

/** Returns what is known of a stack before its processes run. */
export function describeStack(around: ServiceSurroundings): LocalState {
  const services = Object.fromEntries(
    around.services.map((spec) => [spec.name, serviceUrl(around.host, around.portBase, spec)]),
  );
  return {
    url: services['console'] ?? null,
    admin_key: around.adminKey,
    workspace_id: around.workspaceId,
    brokers: around.brokers.join(','),
    mongodb_uri: around.mongodbUri,
    services,
    pids: {},
  };
}

/** Replaces the file in one step. Readable by its owner only: it holds the admin key. */
export function writeLocalState(file: string, state: LocalState): void {
  writeJsonFile(file, state, 0o600);
}
