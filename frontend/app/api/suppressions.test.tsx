import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { IntegrationContext, type Integration } from "../integration/context";
import { makeClient } from "./client";
import { useImportSuppressions } from "./suppressions";

function inside({ children }: { children: ReactNode }) {
  const integration = { api: makeClient("", () => "token") } as Integration;
  return (
    <IntegrationContext value={integration}>
      <QueryClientProvider client={new QueryClient()}>{children}</QueryClientProvider>
    </IntegrationContext>
  );
}

it("sends a list as it is, and says what kind it is", async () => {
  const sent: [string | null, string][] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
    const request = input as Request;
    sent.push([request.headers.get("Content-Type"), await request.text()]);
    return Response.json({ rows: 1, added: 1, changed: 0, unchanged: 0 });
  });
  const { result } = renderHook(() => useImportSuppressions(), { wrapper: inside });
  act(() => result.current.mutate({ type: "text/csv", content: 'a@example.com,"said ""no"""\n' }));
  await waitFor(() => expect(result.current.data).toMatchObject({ added: 1 }));
  expect(sent).toEqual([["text/csv", 'a@example.com,"said ""no"""\n']]);
});
