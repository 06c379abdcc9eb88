import { AppError } from '@tidings/runtime';
import type { NetworkPolicy, OwnListener } from './network-policy.ts';
import { parseNetworks } from './networks.ts';

/** The operator's settings, as `sharedSettings` reads them. */
export type OperatorSettings = Readonly<{
  dangerouslyAllowedNetworks: readonly string[];
  allowHttpEndpoints: boolean;
  /** `host:port`, `[v6]:port`, or a host alone for all of its ports. */
  ownListeners: readonly string[];
}>;

function readListener(text: string): OwnListener {
  const { host, port } =
    /^(?<host>\[[0-9a-fA-F:.]+\]|[^\s:/]+)(?::(?<port>\d{1,5}))?$/.exec(text)?.groups ?? {};
  const number = port === undefined ? undefined : Number(port);
  if (host === undefined || (number !== undefined && (number < 1 || number > 65_535))) {
    const message = `OWN_LISTENERS must be a comma list of host:port, [v6 address]:port or host, got '${text}'`;
    throw new AppError({ code: 'config-invalid', message });
  }
  const bare = host.startsWith('[') ? host.slice(1, -1) : host.toLowerCase();
  return number === undefined ? { host: bare } : { host: bare, port: number };
}

/**
 * Creates the operator's policy with the sockets of this installation: those in the settings and `urls`, which this
 * process listens on. Throws AppError `config-invalid` for an invalid network or listener.
 */
export function operatorPolicy(settings: OperatorSettings, urls: readonly string[] = []): NetworkPolicy {
  const own = urls.map((url) => new URL(url).host);
  return {
    allowedNetworks: parseNetworks(settings.dangerouslyAllowedNetworks),
    allowHttp: settings.allowHttpEndpoints,
    ownListeners: [...settings.ownListeners, ...own].map(readListener),
  };
}
