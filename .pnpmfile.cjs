// TypeScript 7 has no stable API. What needs one gets TypeScript 6 for itself; nothing is compiled by it.
const needTypeScriptApi = new Set(['dependency-cruiser', 'openapi-typescript']);

function readPackage(manifest) {
  if (!needTypeScriptApi.has(manifest.name)) return manifest;
  const { typescript: _, ...peerDependencies } = manifest.peerDependencies ?? {};
  return { ...manifest, peerDependencies, dependencies: { ...manifest.dependencies, typescript: '6.0.3' } };
}

module.exports = { hooks: { readPackage } };
