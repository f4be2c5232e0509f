import { useState } from "react";
import { Disclosure, DisclosurePanel } from "react-aria-components/Disclosure";
import { Button as AriaButton } from "react-aria-components/Button";
import { Heading } from "react-aria-components/Dialog";
import { ToggleButton } from "react-aria-components/ToggleButton";
import { ToggleButtonGroup } from "react-aria-components/ToggleButtonGroup";
import { useTemplatePreview, type TemplatePreview, type TemplateRequest } from "../../api/templates";
import { useFormat } from "../../i18n/format";
import { useStrings } from "../../integration/context";
import { Soft } from "../../ui/layout";
import { MessageFrame } from "../../ui/MessageFrame";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Skeleton } from "../../ui/Waiting";
import { useDebounced } from "./useDebounced";
import styles from "./templates.module.css";

type Width = "desktop" | "phone";

/** What the draft makes, with the samples of its variables, a moment after it was changed. */
export function Preview({ request }: { request: TemplateRequest }) {
  const t = useStrings().templates;
  const [width, setWidth] = useState<Width>("desktop");
  const settled = useDebounced(request, JSON.stringify(request));
  const { data, error } = useTemplatePreview(settled);
  return (
    <section className={styles["preview"]} aria-label={t.preview}>
      <div className={styles["previewTop"]}>
        <h3>{t.preview}</h3>
        <ToggleButtonGroup
          aria-label={t.width}
          selectionMode="single"
          disallowEmptySelection
          selectedKeys={[width]}
          onSelectionChange={(keys) => setWidth([...keys][0] as Width)}
          className={styles["widths"] ?? ""}
        >
          {(["desktop", "phone"] as const).map((id) => (
            <ToggleButton key={id} id={id} className={styles["width"] ?? ""}>
              {t.widths[id]}
            </ToggleButton>
          ))}
        </ToggleButtonGroup>
      </div>
      <ProblemNotice error={error} />
      {!data && !error && <Skeleton lines={5} />}
      {data && <Shown preview={data} width={width} />}
    </section>
  );
}

function Shown({ preview, width }: { preview: TemplatePreview; width: Width }) {
  const t = useStrings().templates;
  const { size } = useFormat();
  return (
    <>
      <p className={styles["subject"]}>{preview.subject}</p>
      <div className={styles["screen"]} data-width={width}>
        <MessageFrame html={preview.html} title={t.previewOf(t.widths[width])} />
      </div>
      <Soft>{t.previewSize(size(preview.size))}</Soft>
      {preview.warnings.length > 0 && (
        <section className={styles["notes"]} aria-label={t.warnings}>
          <h4>{t.warnings}</h4>
          <ul>
            {preview.warnings.map(({ code, detail }) => (
              <li key={code + detail}>{detail}</li>
            ))}
          </ul>
        </section>
      )}
      <Disclosure>
        <Heading>
          <AriaButton slot="trigger" className={styles["disclose"] ?? ""}>
            {t.previewText}
          </AriaButton>
        </Heading>
        <DisclosurePanel>
          <pre className={styles["textPart"]}>{preview.text}</pre>
        </DisclosurePanel>
      </Disclosure>
    </>
  );
}
