import { useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { api, dataOf } from '../../api/client.ts';
import { useMay } from '../../app/session-context.ts';
import { CheckField, ChoiceField, SelectField } from '../../parts/form/fields.tsx';
import { Form, FormSection } from '../../parts/form/form.tsx';
import { type KeyValue, KeyValueEditor } from '../../parts/form/key-value-editor.tsx';
import { useForm } from '../../parts/form/use-form.ts';
import { useIntentionKey } from '../../parts/form/use-intention-key.ts';
import { useFilters } from '../../parts/list/filters.ts';
import { PageHeader } from '../../parts/page/page-header.tsx';
import { useToast } from '../../parts/page/toast.tsx';
import { newExportFilters, type Subject, subjects } from './export-filters.ts';
import { filterNames, filterOf, rowsOf } from './export-form.ts';
import { texts } from './texts.ts';

type Values = Readonly<{
  of: Subject;
  format: 'csv' | 'ndjson';
  filter: readonly KeyValue[];
  gzip: boolean;
  bom: boolean;
}>;

const formats = (['csv', 'ndjson'] as const).map((value) => ({
  value,
  label: texts.formats[value],
  hint: texts.formatHints[value],
}));

/** The form of an export. Lists lead here with their filters. */
export function Page() {
  const [given] = useFilters(newExportFilters);
  const isAdmin = useMay('admin');
  const navigate = useNavigate();
  const queries = useQueryClient();
  const toast = useToast();
  const keyOf = useIntentionKey();
  const filter = rowsOf(given.filter ?? '').map((row) => ({ ...row, isSecret: false, isKept: false }));
  const form = useForm<Values, unknown>({
    initial: { values: { of: given.of ?? 'deliveries', format: 'csv', filter, gzip: false, bom: false } },
    save: async ({ values: { filter: rows, bom, ...rest } }) => {
      const body = { ...rest, filter: filterOf(rows), ...(rest.format === 'csv' ? { bom } : {}) };
      const params = { header: { 'Idempotency-Key': keyOf(body) } };
      return dataOf(api.POST('/v1/webhooks/exports', { params, body }));
    },
    onSaved: () => {
      toast(texts.started);
      void queries.invalidateQueries({ queryKey: ['exports'] });
      void navigate({ to: '/exports' });
    },
  });
  const { of, format, filter: rows } = form.values;
  return (
    <>
      <PageHeader
        title={texts.newTitle}
        above={<Link to="/exports">← {texts.back}</Link>}
        lead={texts.newLead}
      />
      <Form form={form} label={texts.newTitle} action={texts.start}>
        <FormSection title={texts.what}>
          <SelectField
            label={texts.of}
            options={subjects.filter((one) => one !== 'audit' || isAdmin)}
            labelOf={(one) => texts.subjects[one]}
            {...form.bind('of')}
          />
          <KeyValueEditor
            label={texts.filter}
            hint={texts.filterHint(filterNames[of].join(', '))}
            rows={rows}
            onChange={form.bind('filter').onChange}
            error={form.bind('filter').error}
            faultOf={({ name }) => form.faultAt(`filter/${name}`)}
            nameLabel={texts.filterName}
            addLabel={texts.addFilter}
          />
        </FormSection>
        <FormSection title={texts.file}>
          <ChoiceField
            label={texts.format}
            name="format"
            value={format}
            onChange={form.bind('format').onChange}
            options={formats}
          />
          {format === 'csv' && <CheckField label={texts.bom} {...form.bind('bom')} />}
          <CheckField label={texts.gzip} {...form.bind('gzip')} />
        </FormSection>
      </Form>
    </>
  );
}
