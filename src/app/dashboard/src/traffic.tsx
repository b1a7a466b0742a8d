import { useEffect, useState } from "preact/hooks";
import { percent, span, words } from "./format.ts";
import { getJson } from "./http.ts";
import type { Split } from "./wire-types.ts";

const REFRESH_MILLISECONDS = 15_000;

/** Where the load of a target's service goes, by region, and how far an evacuation is. Nothing is shown where no split names the target. */
export function Traffic({ target, nowSeconds }: { readonly target: string; readonly nowSeconds: number }) {
  const splits = useSplits().filter(({ targets }) => Object.values(targets).includes(target));
  return <>{splits.map((split) => <SplitCard key={split.split} split={split} target={target} nowSeconds={nowSeconds} />)}</>;
}

function SplitCard({ split: { split, mode, targets, shares, evacuation }, target, nowSeconds }: { readonly split: Split; readonly target: string; readonly nowSeconds: number }) {
  const title = `traffic-${split}`;
  const isOver = evacuation === undefined || evacuation.phase === "returned" || evacuation.phase === "abandoned";
  return (
    <section class="card" aria-labelledby={title}>
      <header><h2 id={title}>Traffic of {split}</h2>{mode === "recommend" ? <span class="muted">advised only</span> : null}</header>
      <ul class="shares">
        {Object.entries(targets).map(([region, name]) => (
          <li key={region}>
            <span>{name === target ? <b>{region}</b> : region}<span class="note">{name}</span></span>
            <span class="meter" aria-hidden="true"><span style={{ width: percent(Math.min(1, shares?.[region] ?? 0)) }} /></span>
            <span class="number">{percent(shares?.[region])}</span>
          </li>
        ))}
      </ul>
      {isOver ? <p class="note">{shares === undefined ? "The shares have not been read yet." : "No region is being left."}</p> : (
        <p class="note"><b>{words(evacuation.phase)}: {evacuation.region}</b> · {evacuation.note} · “{evacuation.reason}” ({evacuation.author}){evacuation.expiresAtSeconds > nowSeconds ? `, returns in ${span(evacuation.expiresAtSeconds - nowSeconds)}` : ""}</p>
      )}
    </section>
  );
}

function useSplits(): readonly Split[] {
  const [splits, setSplits] = useState<readonly Split[]>([]);
  useEffect(() => {
    const abort = new AbortController();
    const read = (): Promise<void> => getJson<{ items: Split[] }>("/traffic", abort.signal).then(({ items }) => { setSplits(items); }, () => undefined);
    void read();
    const timer = setInterval(() => void read(), REFRESH_MILLISECONDS);
    return () => {
      abort.abort();
      clearInterval(timer);
    };
  }, []);
  return splits;
}
