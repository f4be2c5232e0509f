import { useRouting } from "../../integration/routing";
import { EditTrigger, NewTrigger } from "./TriggerEditor";
import { TesterPage } from "./TesterPage";
import { TriggerList } from "./TriggerList";
import { TriggerPage } from "./TriggerPage";

/** Triggers: the list, one of them at /webhooks/{id}, its form at …/edit, its tester at …/test. */
export default function WebhooksSection() {
  const { rest } = useRouting().route;
  const [id, place] = rest;
  if (!id) return <TriggerList />;
  if (id === "new") return <NewTrigger key={place ?? ""} />;
  if (place === "edit") return <EditTrigger key={id} id={id} />;
  if (place === "test") return <TesterPage key={id} id={id} />;
  return <TriggerPage key={id} id={id} />;
}
