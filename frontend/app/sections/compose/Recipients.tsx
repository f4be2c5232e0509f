import { useState } from "react";
import { useStrings } from "../../integration/context";
import { Button } from "../../ui/Button";
import { ChipsField } from "../../ui/ChipsField";
import { readAddress, splitAddresses } from "./addresses";
import type { Draft } from "./draft";

interface Props {
  draft: Draft;
  onChange: (part: Partial<Draft>) => void;
  error: (pointer: string) => string | undefined;
}

export function Recipients({ draft, onChange, error }: Props) {
  const t = useStrings().compose;
  const [copies, setCopies] = useState(draft.cc.length > 0 || draft.bcc.length > 0);
  const field = (name: "to" | "cc" | "bcc") => (
    <ChipsField
      label={t[name]}
      hint={name === "to" ? t.addressHint : undefined}
      value={draft[name]}
      onChange={(value) => onChange({ [name]: value })}
      split={splitAddresses}
      validate={(chip) => (readAddress(chip) ? null : t.badAddress(chip))}
      error={error(`/${name}`)}
    />
  );
  return (
    <>
      {field("to")}
      {copies ? (
        <>
          {field("cc")}
          {field("bcc")}
        </>
      ) : (
        <div>
          <Button kind="plain" size="small" onPress={() => setCopies(true)}>
            {t.showCopies}
          </Button>
        </div>
      )}
    </>
  );
}
