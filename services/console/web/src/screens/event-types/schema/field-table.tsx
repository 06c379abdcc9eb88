import { ForeignText } from '../../../parts/foreign/foreign-text.tsx';
import styles from '../event-types.module.css';
import { texts } from '../texts.ts';
import { fieldsOf, maxFields, type SchemaField } from './schema-fields.ts';

type Schema = Readonly<Record<string, unknown>>;

/** The fields of a schema with their types, rules and descriptions. */
export function FieldTable({ schema }: Readonly<{ schema: Schema }>) {
  const t = texts.schema;
  const fields = fieldsOf(schema);
  const rows = fields.filter(isTelling);
  if (rows.length === 0) return <p className={styles.note}>{t.noFields}</p>;
  return (
    <>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{t.columns.path}</th>
            <th scope="col">{t.columns.type}</th>
            <th scope="col">{t.columns.description}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((field) => (
            <tr key={field.path}>
              <th scope="row">
                <code>
                  <ForeignText>{field.path}</ForeignText>
                </code>
              </th>
              <td>
                <FieldWords field={field} />
              </td>
              <td>{field.description !== null && <ForeignText>{field.description}</ForeignText>}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {fields.length >= maxFields && <p className={styles.note}>{t.cut}</p>}
    </>
  );
}

// That of the whole, and of the elements of a list of objects, says nothing that the rows around it do not say.
const isTelling = ({ path, type, rules, description }: SchemaField): boolean =>
  path !== '' && !(path.endsWith('[]') && type === 'object' && rules.length === 0 && description === null);

/** The type of a field, whether it is required, and its rules: `number, required, minimum 0`. */
export function FieldWords({ field: { type, isRequired, rules } }: Readonly<{ field: SchemaField }>) {
  return (
    <>
      <code>
        <ForeignText>{type}</ForeignText>
      </code>
      {isRequired && <span className={styles.required}>{texts.schema.required}</span>}
      {rules.map((rule) => (
        <span key={rule} className={styles.rule}>
          <ForeignText>{rule}</ForeignText>
        </span>
      ))}
    </>
  );
}
