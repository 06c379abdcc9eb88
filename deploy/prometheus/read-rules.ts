import { readdirSync } from 'node:fs';
import { readYaml, root } from '../compose/compose-model.ts';

/** A rule that records the result of a query under a name. */
export type Recording = Readonly<{ record: string; expr: string }>;

/** A rule that alerts while a query has results. */
export type Alert = Readonly<{
  alert: string;
  expr: string;
  for?: string;
  labels: Readonly<{ severity: string }>;
  annotations: Readonly<Record<'summary' | 'description' | 'runbook_url' | 'dashboard_url', string>>;
}>;

type RuleFile = Readonly<{ groups: readonly Readonly<{ rules: readonly (Recording | Alert)[] }>[] }>;

/** Returns the paths of the files in a folder of the repository. */
export const filesIn = (folder: string): readonly string[] =>
  readdirSync(`${root}${folder}`).map((file) => `${folder}/${file}`);

const rules = filesIn('deploy/prometheus/rules').flatMap((file) =>
  (readYaml(file) as RuleFile).groups.flatMap((group) => group.rules),
);

/** All alerts of deploy/prometheus/rules. */
export const alerts = rules.filter((rule): rule is Alert => 'alert' in rule);

/** All recording rules of deploy/prometheus/rules. */
export const recordings = rules.filter((rule): rule is Recording => 'record' in rule);
