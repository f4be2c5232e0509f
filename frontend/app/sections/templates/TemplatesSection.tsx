import { useState } from "react";
import { useRouting } from "../../integration/routing";
import { TemplateEditor } from "./TemplateEditor";
import { TemplateList } from "./TemplateList";

/** "/templates", "/templates/new", "/templates/new-layout" and "/templates/tpl_…". */
export default function TemplatesSection() {
  const { route } = useRouting();
  const [created, setCreated] = useState<string[]>([]);
  const [place] = route.rest;
  if (!place) return <TemplateList />;
  const kind = place === "new-layout" ? "layout" : "message";
  const fresh = place === "new" || place === "new-layout";
  // The first save gives a new one its id; it is the same editor all the same. The next new one is another.
  const index = fresh ? created.length : created.indexOf(place);
  return (
    <TemplateEditor
      key={index < 0 ? place : `new-${index}`}
      id={fresh ? null : place}
      kind={kind}
      onCreated={(id) => setCreated([...created, id])}
    />
  );
}
