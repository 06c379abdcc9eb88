import { AppError, type Environment } from '@tidings/runtime';

/** Names of the services, in the order in which they are listed. */
export const serviceNames = ['console', 'ingress', 'subscription', 'history', 'fanout', 'delivery'] as const;

/** Name of a service. */
export type ServiceName = (typeof serviceNames)[number];

/** Maximum number of characters of a wrong value that an error quotes. */
const quotedLength = 100;

/**
 * Returns the services that SERVICES names: `all` (the default), or a comma list such as `ingress,fanout`. Throws
 * AppError `config-invalid` for anything else.
 */
export function selectServices({ SERVICES }: Environment): readonly ServiceName[] {
  const text = SERVICES?.trim() ?? '';
  if (text === '' || text === 'all') return serviceNames;
  const names = new Set(text.split(',').map((name) => name.trim()));
  const selected = serviceNames.filter((name) => names.has(name));
  if (selected.length === names.size) return selected;
  const message = `SERVICES must be all or a comma list of ${serviceNames.join(', ')}, got '${text.slice(0, quotedLength)}'`;
  throw new AppError({ code: 'config-invalid', message });
}
