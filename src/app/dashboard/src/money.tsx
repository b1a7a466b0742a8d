import { useEffect, useState } from "preact/hooks";
import { count, grams, percent, quantity, span, usd } from "./format.ts";
import { getJson } from "./http.ts";
import type { Budget, Sizing } from "./wire-types.ts";

const REFRESH_MILLISECONDS = 60_000;

/** The budgets that cover a target, and the machines that would carry it for less. Nothing is shown where there is neither. */
export function Money({ target, nowSeconds }: { readonly target: string; readonly nowSeconds: number }) {
  const { budgets, sizing } = useMoney(target);
  return (
    <>
      {budgets.length === 0 ? null : (
        <section class="card" aria-labelledby="budgets-title">
          <header><h2 id="budgets-title">Budgets</h2></header>
          <ul class="conditions">{budgets.map((budget) => <BudgetLine key={budget.name} budget={budget} nowSeconds={nowSeconds} />)}</ul>
        </section>
      )}
      {sizing === undefined ? null : <RightSize sizing={sizing} />}
    </>
  );
}

function BudgetLine({ budget, nowSeconds }: { readonly budget: Budget; readonly nowSeconds: number }) {
  const { spent, spentShare, forecast } = budget;
  if (spent === null || forecast === null || spentShare === null) {
    return <li><span class="sign warn" aria-hidden="true">?</span><span><b>{budget.name}</b><span class="note">not known: {budget.unknown}</span></span></li>;
  }
  const amount = budget.unit === "usd" ? usd : grams;
  const holds = forecast <= budget.limit;
  const when = budget.breachSeconds === undefined ? "" : budget.breachSeconds <= nowSeconds ? ", passed" : `, passed in ${span(budget.breachSeconds - nowSeconds)}`;
  const chance = budget.breachProbability === undefined ? "" : ` (chance ${percent(budget.breachProbability)})`;
  const rest = budget.unknownMembers === undefined ? "" : `, at the least: what ${budget.unknownMembers.join(", ")} spends is not known`;
  return (
    <li>
      <span class={`sign ${holds ? "good" : "warn"}`} aria-hidden="true">{holds ? "✓" : "!"}</span>
      <span><b>{budget.name}</b><span class="hidden">: {holds ? "holds" : "will not hold"}</span><span class="note">{amount(spent)} spent, {amount(forecast)} of {amount(budget.limit)} expected this {budget.period}{when}{chance}{rest}</span></span>
      <span class="muted nowrap" title="of the limit">{percent(spentShare)}</span>
    </li>
  );
}

function RightSize({ sizing }: { readonly sizing: Sizing }) {
  const better = sizing.advice.filter((one) => one.savingShare > 0.01).slice(0, 3);
  return (
    <section class="card" aria-labelledby="sizing-title">
      <header><h2 id="sizing-title">Right size</h2></header>
      <p class="note">One replica needs {quantity(sizing.cpuCores)} cores and {quantity(sizing.memoryGib)} GiB{sizing.isEnough ? "" : "; less than a day of use is known"}.</p>
      {better.length === 0 ? <p class="note">No machine of the catalogue carries it for less.</p> : (
        <table>
          <thead><tr><th scope="col">Machine</th><th scope="col">Replicas</th><th scope="col">Saving</th><th scope="col">Short of CPU, memory</th></tr></thead>
          <tbody>{better.map((one) => <tr key={one.instanceType}><td>{one.instanceType}</td><td>{count(one.replicas)}</td><td>{percent(one.savingShare)}</td><td>{percent(one.cpuShortShare, 1)}, {percent(one.memoryShortShare, 1)}</td></tr>)}</tbody>
        </table>
      )}
    </section>
  );
}

function useMoney(target: string): { readonly budgets: readonly Budget[]; readonly sizing: Sizing | undefined } {
  const [state, setState] = useState<{ readonly budgets: readonly Budget[]; readonly sizing: Sizing | undefined }>({ budgets: [], sizing: undefined });
  useEffect(() => {
    const abort = new AbortController();
    const read = async (): Promise<void> => {
      const [{ items: budgets }, { items: sizings }] = await Promise.all([
        getJson<{ items: Budget[] }>("/budgets", abort.signal),
        getJson<{ items: Sizing[] }>(`/right-sizing?target=${encodeURIComponent(target)}`, abort.signal),
      ]);
      setState({ budgets: budgets.filter(({ members }) => members.includes(target)), sizing: sizings[0] });
    };
    const refresh = () => { read().catch(() => undefined); };
    refresh();
    const timer = setInterval(refresh, REFRESH_MILLISECONDS);
    return () => {
      abort.abort();
      clearInterval(timer);
    };
  }, [target]);
  return state;
}
