import { problemOf } from '../../api/api-problem.ts';
import { fetchApi } from '../../api/client.ts';
import { Button } from '../../parts/page/button.tsx';
import { Menu } from '../../parts/page/menu.tsx';
import { useToast } from '../../parts/page/toast.tsx';
import styles from './event-types.module.css';
import { texts } from './texts.ts';

const formats = ['asyncapi', 'openapi'] as const;

/** Saves the catalogue as a document of a standard. */
export function ExportMenu() {
  const toast = useToast();
  const save = async (format: (typeof formats)[number]) => {
    try {
      const url = new URL(`/v1/webhooks/event-types/export?format=${format}`, location.origin);
      const response = await fetchApi(new Request(url));
      saveAs(`event-types.${format}.json`, await response.blob());
    } catch (error) {
      toast(problemOf(error)?.message ?? String(error), 'bad');
    }
  };
  return (
    <Menu label={texts.export}>
      <p className={styles.note}>{texts.exportHint}</p>
      <div className={styles.menuActions}>
        {formats.map((format) => (
          <Button key={format} onClick={() => void save(format)}>
            {texts.exportAs[format]}
          </Button>
        ))}
      </div>
    </Menu>
  );
}

function saveAs(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
