import { useQuery } from "@tanstack/react-query";
import { useMime } from "../../api/history";
import { parseMessage } from "./asSent";

/** The message as it was sent, fetched and taken apart; `mime` is the whole of it. */
export function useMessage(id: string) {
  const { data: mime, error, isPending, refetch } = useMime(id);
  const parsed = useQuery({
    queryKey: ["sends", "parsed", id, mime?.length],
    queryFn: () => parseMessage(mime ?? ""),
    enabled: mime !== undefined,
    gcTime: 0,
    staleTime: Infinity,
  });
  return {
    mime,
    message: parsed.data,
    error: error ?? parsed.error,
    isPending: isPending || (parsed.isPending && !parsed.error),
    retry: () => void refetch(),
  };
}
