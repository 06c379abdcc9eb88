import { RegistryPresence } from '../../src/registry/registry-presence.ts';

/** Returns the presence of a registry whose database is known not to be a lost one. */
export function knownPresence(): RegistryPresence {
  const presence = new RegistryPresence();
  presence.set('present');
  return presence;
}
