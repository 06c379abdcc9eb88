import { writeJsonFile } from './json-file.ts';
import { consolesOf, instanceName, type ServiceSurroundings, serviceUrl } from './service-parts.ts';

/**
 * The content of `.tidings/local.json`, which scripts read to use the running stack. The file exists from the moment
 * everything is ready until the stack stops. `url` is the one origin that serves every /v1 path; null with
 * --only-stack.
 */
export type LocalState = Readonly<{
  url: string | null;
  admin_key: string;
  workspace_id: string;
  /** `host:port,host:port`, in the format of KAFKA_BROKERS. */
  brokers: string;
  mongodb_uri: string;
  services: Readonly<Record<string, string>>;
  /**
   * The pids of the processes themselves, not of wrappers: each service by name, also where several share a process, and
   * each of its instances where several run (`delivery-2`);
   * `broker-N`, `mongodb`. Only those that the stack started.
   */
  pids: Readonly<Record<string, number>>;
}>;

/** Returns the state of a stack before its processes run. */
export function describeStack(around: ServiceSurroundings): LocalState {
  const services = Object.fromEntries(
    around.services.map((spec) => [instanceName(spec), serviceUrl(around.host, around.portBase, spec)]),
  );
  const [console] = consolesOf(around.services);
  return {
    url: console === undefined ? null : serviceUrl(around.host, around.portBase, console),
    admin_key: around.adminKey,
    workspace_id: around.workspaceId,
    brokers: around.brokers.join(','),
    mongodb_uri: around.mongodbUri,
    services,
    pids: {},
  };
}

/** Replaces the file atomically. Only its owner can read it, because it contains the admin key. */
export function writeLocalState(file: string, state: LocalState): void {
  writeJsonFile(file, state, 0o600);
}
