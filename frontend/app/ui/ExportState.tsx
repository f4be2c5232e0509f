import { useStrings } from "../integration/context";
import { Button } from "./Button";
import { Line } from "./layout";
import { ProblemNotice } from "./ProblemNotice";
import { Spinner } from "./Waiting";

/** How a download stands; nothing while there is none. Takes what the hooks of api/exporting.ts give. */
export function ExportState({
  isPending,
  error,
  cancel,
  text,
}: {
  isPending: boolean;
  error: unknown;
  cancel: () => void;
  text: string;
}) {
  const strings = useStrings();
  if (!isPending) return <ProblemNotice error={error} />;
  return (
    <Line>
      <Spinner>{text}</Spinner>
      <Button size="small" onPress={cancel}>
        {strings.common.cancel}
      </Button>
    </Line>
  );
}
