import { useCallback, useRef, useState } from 'react';
import { ApiProblem, problemOf } from '../../api/api-problem.ts';
import { type Faults, faultAt } from './faults.ts';
import { type MergedForm, mergeForm, sameData } from './merge-form.ts';

/** The values that a form edits, as they were read: `etag` names their version, if they have one. */
export type Read<T> = Readonly<{ values: T; etag?: string | undefined }>;

/** The values to save, those that they were changed from, and the version of these. */
export type Change<T> = Readonly<{ values: T; base: T; etag: string | undefined }>;

type Options<T, Saved> = Readonly<{
  initial: Read<T>;
  /** Finds faults before anything is sent, by JSON pointer. Leave to the API what the API checks. */
  check?: (values: T) => Faults;
  /** Sends the change, with `If-Match: etag` if there is one. Its ApiProblem is shown by the fields that it names. */
  save: (change: Change<T>) => Promise<Saved>;
  /** Reads what is stored now, after a 412: somebody else has changed it, and the changes of both are joined. */
  readCurrent?: () => Promise<Read<T>>;
  onSaved?: (saved: Saved) => void;
}>;

/** The values of one field, as the field parts take them: `<TextField label="…" {...form.bind('name')} />`. */
export type Bound<V> = Readonly<{ value: V; onChange: (value: V) => void; error: string | undefined }>;

/** The changes of somebody else that a save has found. */
export type Meanwhile<T> = Readonly<{ theirs: T } & Pick<MergedForm<T>, 'taken' | 'conflicts'>>;

/** The state of a form. */
export type Form<T> = Readonly<{
  values: T;
  bind: <Name extends keyof T & string>(name: Name) => Bound<T[Name]>;
  faultAt: (pointer: string) => string | undefined;
  problem: ApiProblem | null;
  meanwhile: Meanwhile<T> | null;
  takeTheirs: (name: keyof T & string) => void;
  isChanged: boolean;
  /** As `isChanged`, up to date within an event handler. */
  hasChanges: () => boolean;
  isSaving: boolean;
  /** Number of saves that were refused: a form moves the focus to the first fault after each. */
  refusals: number;
  submit: () => Promise<void>;
}>;

type State<T> = Readonly<{
  base: T;
  etag: string | undefined;
  values: T;
  faults: Faults;
  problem: ApiProblem | null;
  meanwhile: Meanwhile<T> | null;
  isSaving: boolean;
  refusals: number;
}>;

const noFaults: Faults = new Map();

/** Holds the values of a form, saves them, and tells by field what the API refused. */
export function useForm<T extends object, Saved>(options: Options<T, Saved>): Form<T> {
  const [state, setState] = useState<State<T>>(() => begin(options.initial));
  // Handlers need the newest state, and the options of the newest rendering, before React renders again.
  const latest = useRef(state);
  const current = useRef(options);
  current.current = options;
  const update = useCallback((change: Partial<State<T>>) => {
    latest.current = { ...latest.current, ...change };
    setState(latest.current);
  }, []);
  const set = (name: keyof T & string, value: T[typeof name]) =>
    update({ values: { ...latest.current.values, [name]: value } });
  const hasChanges = useCallback(() => !sameData(latest.current.values, latest.current.base), []);
  const submit = async () => {
    if (!latest.current.isSaving) await saveForm(latest.current, current.current, update);
  };
  return {
    values: state.values,
    bind: (name) => ({
      value: state.values[name],
      onChange: (value) => set(name, value),
      error: faultAt(state.faults, name),
    }),
    faultAt: (pointer) => faultAt(state.faults, pointer),
    problem: state.problem,
    meanwhile: state.meanwhile,
    takeTheirs: (name) => {
      const { meanwhile } = latest.current;
      if (meanwhile === null) return;
      set(name, meanwhile.theirs[name]);
      update({
        meanwhile: { ...meanwhile, conflicts: meanwhile.conflicts.filter((one) => one !== name) },
      });
    },
    isChanged: !sameData(state.values, state.base),
    hasChanges,
    isSaving: state.isSaving,
    refusals: state.refusals,
    submit,
  };
}

const begin = <T>({ values, etag }: Read<T>): State<T> => ({
  base: values,
  etag,
  values,
  faults: noFaults,
  problem: null,
  meanwhile: null,
  isSaving: false,
  refusals: 0,
});

async function saveForm<T extends object, Saved>(
  { values, base, etag, refusals }: State<T>,
  { check, save, readCurrent, onSaved }: Options<T, Saved>,
  update: (change: Partial<State<T>>) => void,
): Promise<void> {
  const faults = check?.(values) ?? noFaults;
  update({ faults, problem: null });
  if (faults.size > 0) return update({ refusals: refusals + 1 });
  update({ isSaving: true });
  try {
    const saved = await save({ values, base, etag });
    update({ base: values, meanwhile: null, isSaving: false });
    onSaved?.(saved);
  } catch (error) {
    const problem = problemOf(error) ?? new ApiProblem(500, { detail: String(error) });
    const refused = { isSaving: false, refusals: refusals + 1 };
    const theirs = problem.status === 412 ? await readCurrent?.().catch(() => undefined) : undefined;
    if (theirs === undefined) return update({ ...refused, problem, faults: problem.fields });
    const { values: merged, taken, conflicts } = mergeForm(base, values, theirs.values);
    update({
      ...refused,
      base: theirs.values,
      etag: theirs.etag,
      values: merged,
      meanwhile: { theirs: theirs.values, taken, conflicts },
    });
  }
}
