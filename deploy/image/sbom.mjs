// Writes the software bill of materials of the image (CycloneDX 1.6, JSON) to a file, or to the standard output:
// `npm run sbom -- sbom.cdx.json`. Its content follows from the lockfile alone, so it is the same at each build.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Enums, Models, Serialize, SPDX, Spec } from '@cyclonedx/cyclonedx-library';

import { lockedPackages } from './locked-packages.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Returns the package as a component: name, version, licence, purl and the hash of what was downloaded. */
function componentOf({ id, place, integrity }) {
  const at = id.lastIndexOf('@');
  const [version, fullName] = [id.slice(at + 1), id.slice(0, at)];
  const [group, name] = fullName.startsWith('@') ? fullName.split('/') : [undefined, fullName];
  const { license, description } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'));
  const component = new Models.Component(Enums.ComponentType.Library, name, {
    bomRef: id,
    ...(group !== undefined && { group }),
    version,
    description: typeof description === 'string' ? description : undefined,
    purl: `pkg:npm/${fullName.replace('@', '%40')}@${version}`,
    hashes: new Models.HashDictionary([[Enums.HashAlgorithm['SHA-512'], sha512Of(integrity)]]),
  });
  if (typeof license === 'string') component.licenses.add(licenseOf(license));
  return component;
}

// An id such as MIT, or an expression such as (MIT OR Apache-2.0), which has blanks.
function licenseOf(text) {
  if (SPDX.isSupportedSpdxId(text)) return new Models.SpdxLicense(text);
  return text.includes(' ') ? new Models.LicenseExpression(text) : new Models.NamedLicense(text);
}

function sha512Of(integrity) {
  const [, base64] = /^sha512-(.+)$/.exec(integrity ?? '') ?? [];
  if (base64 === undefined)
    throw new Error(`pnpm-lock.yaml has the hash '${integrity}', and not one of SHA-512`);
  return Buffer.from(base64, 'base64').toString('hex');
}

/** Returns the bill of materials as a text. */
export function billOfMaterials() {
  const { version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const bom = new Models.Bom();
  bom.metadata.component = new Models.Component(Enums.ComponentType.Application, 'tidings', {
    bomRef: 'tidings',
    version,
  });
  bom.metadata.component.licenses.add(licenseOf(license));
  for (const one of lockedPackages(root)) {
    const component = componentOf(one);
    bom.components.add(component);
    bom.metadata.component.dependencies.add(component.bomRef);
  }
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [target] = process.argv.slice(2);
  const text = billOfMaterials();
  if (target === undefined) process.stdout.write(text);
  else writeFileSync(target, text);
}
