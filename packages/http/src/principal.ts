/** Everything a key can be allowed to do. `admin` is all of one workspace, `platform` all workspaces. */
export const scopes = [
  'events:write',
  'subscriptions:read',
  'subscriptions:write',
  'deliveries:read',
  'deliveries:write',
  'sources:write',
  'admin',
  'platform',
] as const;

/** One of {@link scopes}. */
export type Scope = (typeof scopes)[number];

/**
 * Who asks: the key, its workspace (a hard wall), the one consumer it is limited to (null: all of the workspace), and
 * what it may do.
 */
export type Principal = Readonly<{
  keyId: string;
  workspaceId: string;
  consumerId: string | null;
  scopes: ReadonlySet<string>;
  /** How many requests a second it may make; left out: as the service has it. */
  requestsPerSecond?: number;
}>;

/** Finds the principal of a bearer token; null when there is none. */
export type Authenticate = (token: string) => Principal | null;
