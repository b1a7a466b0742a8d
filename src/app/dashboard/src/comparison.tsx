import { useEffect, useState } from "preact/hooks";
import { count, grams, percent, span, usd } from "./format.ts";
import { getJson } from "./http.ts";
import type { Comparison as Compared } from "./wire-types.ts";

const REFRESH_MILLISECONDS = 15_000;
const NAMES: Readonly<Record<string, string>> = { champion: "Champion", challenger: "Challenger", hpa: "HPA" };

/** The challenger in shadow beside the champion and the HPA. Nothing is shown where the policy names none. */
export function Comparison({ target }: { readonly target: string }) {
  const compared = useComparison(target);
  if (compared === undefined) return null;
  return (
    <section class="card comparison" aria-labelledby="comparison-title">
      <header><h2 id="comparison-title">Challenger in shadow</h2></header>
      <p class="say">{compared.seconds > 0 ? `In ${span(compared.seconds)} it ${compared.readout}.` : "Nothing to compare yet."}</p>
      <p class="note">{compared.differences.join("; ")}</p>
      <div class="scroll" tabIndex={0} role="region" aria-label="Champion, challenger and HPA">
        <table>
          <thead><tr><th scope="col">Policy</th><th scope="col">Ready</th><th scope="col">Replica-hours</th><th scope="col">Cost</th><th scope="col">CO₂e</th><th scope="col">Missed</th><th scope="col">Changes a day</th></tr></thead>
          <tbody>
            {compared.contestants.map((one) => (
              <tr key={one.role}>
                <th scope="row">{NAMES[one.role] ?? one.role}</th><td>{count(one.readyReplicas)}</td><td>{one.replicaHours.toFixed(1)}</td><td>{usd(one.costUsd)}</td><td>{grams(one.carbonGrams)}</td>
                <td>{Math.round(one.missedRequests).toLocaleString("en-US")} ({percent(one.missShare, 2)})</td><td>{count(one.changesPerDay)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function useComparison(target: string): Compared | undefined {
  const [compared, setCompared] = useState<Compared | undefined>();
  useEffect(() => {
    const abort = new AbortController();
    setCompared(undefined);
    const read = (): Promise<void> => getJson<{ items: Compared[] }>(`/comparisons?target=${encodeURIComponent(target)}`, abort.signal).then(({ items }) => { setCompared(items[0]); }, () => undefined);
    void read();
    const timer = setInterval(() => void read(), REFRESH_MILLISECONDS);
    return () => {
      abort.abort();
      clearInterval(timer);
    };
  }, [target]);
  return compared;
}
