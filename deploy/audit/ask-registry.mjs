const timeoutMs = 30_000;

/**
 * Asks a registry which of the packages have advisories. Returns them with the versions that are locked. Throws if it does not
 * answer.
 * @param {string} registry its URL
 * @param {readonly string[]} ids packages as `name@version`
 */
export async function askRegistry(registry, ids) {
  const versions = {};
  for (const id of ids) {
    const at = id.lastIndexOf('@');
    const name = id.slice(0, at);
    versions[name] = [...(versions[name] ?? []), id.slice(at + 1)];
  }
  const response = await fetch(
    new URL('-/npm/v1/security/advisories/bulk', `${registry.replace(/\/$/, '')}/`),
    {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(versions),
      signal: AbortSignal.timeout(timeoutMs),
    },
  );
  if (!response.ok) throw new Error(`the registry answers ${response.status}`);
  const found = await response.json();
  return Object.entries(found).flatMap(([name, advisories]) =>
    advisories.map(({ url = '', title, severity, vulnerable_versions: range }) => ({
      ...{ package: name, locked: versions[name] ?? [], severity, title, range, url },
      id: /GHSA(-[0-9a-z]{4}){3}/.exec(url)?.[0] ?? url,
    })),
  );
}

/**
 * Separates advisories by deploy/audit/allowed.yaml: accepted ones, and those that are not or not any more.
 * @param {readonly object[]} found as {@link askRegistry} returns them
 * @param {readonly { id: string, package: string, until: string }[]} accepted
 * @param {string} today as 2026-11-30
 */
export function judgeAdvisories(found, accepted, today) {
  const isAccepted = (one) =>
    accepted.some(({ id, package: name, until }) => id === one.id && name === one.package && until >= today);
  return { open: found.filter((one) => !isAccepted(one)), accepted: found.filter(isAccepted) };
}
