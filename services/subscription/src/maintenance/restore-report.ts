import type { KindRestored, RegistryRestored } from './restore-registry.ts';

/** Text for a terminal. `isOk`: no further action is needed. */
export type Report = Readonly<{ text: string; isOk: boolean }>;

const maxListed = 50;

/** Returns the lines indented, those beyond 50 as a number only. */
export const listed = (lines: readonly string[]): readonly string[] => {
  const more = lines.length - maxListed;
  return [
    ...lines.slice(0, maxListed).map((line) => `  ${line}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
};

const differences = {
  older: 'is older than its copy',
  newer: 'is newer than its copy',
  other: 'is not its copy, though of the same version',
  uncopied: 'has no copy',
} as const;

function linesOf(
  found: KindRestored,
  { isDryRun, isRefused }: Pick<RegistryRestored, 'isDryRun' | 'isRefused'>,
): readonly string[] {
  const { kind, equal, restored, replaced, setBack, refused, differing, uncopied, unreadable } = found;
  const verb = isDryRun ? 'would be ' : '';
  const counts = [
    isRefused ? `${found.missing} missing` : `${restored} ${verb}restored`,
    ...(replaced > 0 ? [`${replaced} ${verb}replaced`] : []),
    ...(setBack > 0 ? [`${setBack} ${verb}set back to an older copy`] : []),
    `${equal} there already`,
    ...(differing.length > 0 ? [`${differing.length} differ`] : []),
  ];
  return [
    `${kind}: ${counts.join(', ')}`,
    ...listed(differing.map(({ id, how }) => `${id} ${differences[how]}`)),
    ...listed(
      uncopied.map(({ id, version, copyVersion }) =>
        copyVersion === null
          ? `${id} cannot be restored: its topic has version ${version}, and there is no copy`
          : `${id} was not restored: its topic has version ${version}, its newest copy is version ${copyVersion} (--outdated-copies)`,
      ),
    ),
    ...listed(
      refused.map(
        (id) => `${id} is in the database by now, or in a form that this release cannot read: repeat`,
      ),
    ),
    ...listed(unreadable.map(({ key, detail }) => `${key} cannot be restored: ${detail}`)),
  ];
}

/** Returns true if nothing that the topics have is missing from the database or differs from it. */
const isComplete = ({ isRefused, kinds, unknown, audit }: RegistryRestored): boolean =>
  !isRefused &&
  unknown.length === 0 &&
  (audit?.unreadable ?? 0) === 0 &&
  kinds.every((kind) => [kind.uncopied, kind.unreadable, kind.refused].every(({ length }) => length === 0));

const refusal = [
  'refused: the registry has documents that are not what the topics have, so that it was not lost as a whole.',
  '  --missing-only   restores what is missing and leaves these documents as they are',
  '  --replace-older  besides, replaces those that are older than their copies, as after an older backup was restored',
];

/** Renders the result of a restore. It is all right only if everything on the topics could be restored. */
export function restoredReport(result: RegistryRestored): Report {
  const { isDryRun, isRefused, kinds, unknown, audit } = result;
  const lines = [
    ...(isDryRun ? ['dry run: nothing is changed'] : []),
    ...kinds.flatMap((found) => linesOf(found, result)),
    ...listed(unknown.map(({ key, detail }) => `${key} cannot be restored: ${detail}`)),
    ...(audit === null
      ? []
      : [
          `audit: ${isDryRun ? `${audit.entries} entries on the topic` : `${audit.restored} of ${audit.entries} entries restored`}${audit.unreadable > 0 ? `, ${audit.unreadable} unreadable` : ''}`,
        ]),
    ...(isRefused ? refusal : []),
  ];
  return { text: `${lines.join('\n')}\n`, isOk: isComplete(result) };
}
