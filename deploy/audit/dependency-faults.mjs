/**
 * Returns what is wrong with the dependencies, a sentence each.
 * @param {object} given
 * @param {object} given.lock the content of pnpm-lock.yaml
 * @param {object} given.workspace the content of pnpm-workspace.yaml
 * @param {readonly { folder: string, manifest: object }[]} given.manifests the package.json of each workspace package
 * @param {readonly { id: string, license: unknown, scripts?: object, hasGyp: boolean, isShipped: boolean }[]} given.installed
 * @param {object} given.allowed the content of allowed.yaml
 */
export const dependencyFaults = ({ lock, workspace, manifests, installed, allowed }) => [
  ...Object.entries(lock.packages).flatMap(([id, { resolution }]) => lockedFaults(id, resolution)),
  ...Object.entries(workspace.catalog).flatMap(([name, version]) =>
    exactVersion.test(version) ? [] : [`catalog: ${name} must have an exact version, got '${version}'`],
  ),
  ...manifests.flatMap(specifierFaults),
  ...installed.flatMap((one) => licenceFaults(one, allowed)),
  ...scriptFaults({ workspace, installed, allowed }),
  ...advisoryFaults({ lock, allowed }),
];

const exactVersion = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;

function lockedFaults(id, { integrity = '', ...others }) {
  const faults = [];
  if (!exactVersion.test(versionOf(id))) faults.push(`${id}: not a version of a registry`);
  if (!/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity)) faults.push(`${id}: no SHA-512 in pnpm-lock.yaml`);
  const more = Object.keys(others);
  if (more.length > 0) faults.push(`${id}: comes from elsewhere than the registry (${more.join(', ')})`);
  return faults;
}

const versionOf = (id) => id.slice(id.lastIndexOf('@') + 1);
const nameOf = (id) => id.slice(0, id.lastIndexOf('@'));

const kinds = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'];

function specifierFaults({ folder, manifest }) {
  return kinds.flatMap((kind) =>
    Object.entries(manifest[kind] ?? {}).flatMap(([name, specifier]) => {
      // What a user of a published package has is a range.
      if (kind === 'peerDependencies' && /^[\^>=<~\d. |x-]+$/.test(specifier)) return [];
      if (specifier === 'catalog:' || specifier === 'workspace:*') return [];
      return [`${folder}: ${name} must be 'catalog:' or 'workspace:*', got '${specifier}'`];
    }),
  );
}

function licenceFaults({ id, license, isShipped }, { licences }) {
  if (!isShipped) return [];
  const choices = typeof license === 'string' ? license.replace(/[()]/g, '').split(' OR ') : [];
  if (choices.some((one) => licences.includes(one))) return [];
  return [`${id}: the licence ${JSON.stringify(license)} is not in deploy/audit/allowed.yaml`];
}

const hooks = ['preinstall', 'install', 'postinstall'];

function scriptFaults({ workspace, installed, allowed }) {
  const listed = allowed.installScripts.map((one) => one.package);
  const having = installed
    .filter(({ scripts = {}, hasGyp }) => hasGyp || hooks.some((hook) => scripts[hook] !== undefined))
    .map(({ id }) => nameOf(id));
  return [
    ...(workspace.onlyBuiltDependencies ?? []).map(
      (name) => `${name}: pnpm-workspace.yaml lets its install script run`,
    ),
    ...having
      .filter((name) => !listed.includes(name))
      .map((name) => `${name}: has an install script and is not in deploy/audit/allowed.yaml`),
    ...listed
      .filter((name) => !having.includes(name))
      .map((name) => `${name}: is in deploy/audit/allowed.yaml and has no install script any more`),
    ...allowed.installScripts.filter(({ reason }) => !reason).map((one) => `${one.package}: has no reason`),
  ];
}

function advisoryFaults({ lock, allowed }) {
  const locked = new Set(Object.keys(lock.packages).map(nameOf));
  return allowed.advisories.flatMap(({ id, package: name, reason, until }) => {
    const faults = [];
    if (!/^GHSA(-[0-9a-z]{4}){3}$/.test(id ?? ''))
      faults.push(`advisory '${id}': must be GHSA-xxxx-xxxx-xxxx`);
    if (!reason) faults.push(`advisory ${id}: has no reason`);
    if (!/^\d{4}-\d\d-\d\d$/.test(until ?? ''))
      faults.push(`advisory ${id}: 'until' must be a date, got '${until}'`);
    if (!locked.has(name)) faults.push(`advisory ${id}: ${name} is not in pnpm-lock.yaml`);
    return faults;
  });
}
