import { useEffect, useMemo, useState } from "preact/hooks";
import { Charts } from "./charts.tsx";
import { Comparison } from "./comparison.tsx";
import { Conditions } from "./conditions.tsx";
import { CommandDialog, Overrides, type Command } from "./controls.tsx";
import { DecisionDetail } from "./decision-detail.tsx";
import { Decisions, KindChip } from "./decisions.tsx";
import { Dialog } from "./dialog.tsx";
import { ago, quantity, span, words } from "./format.ts";
import { Fleet } from "./fleet.tsx";
import { ForecastCard } from "./forecast-card.tsx";
import { Header } from "./header.tsx";
import { setToken } from "./http.ts";
import { Money } from "./money.tsx";
import { MarksCard } from "./marks-card.tsx";
import { sentence } from "./sentence.ts";
import { Tiles } from "./tiles.tsx";
import { Traffic } from "./traffic.tsx";
import { useDaemon, type DaemonState } from "./use-daemon.ts";
import { verdictOf } from "./verdict.ts";
import type { Decision, Target } from "./wire-types.ts";

const WINDOWS: readonly (readonly [number, string])[] = [[900, "15 min"], [3_600, "1 h"], [21_600, "6 h"], [86_400, "1 d"], [604_800, "1 w"]];

/** Long enough to show a shape: some 180 ticks. */
function fittingWindow(intervalSeconds: number): number {
  return WINDOWS.find(([seconds]) => seconds >= 180 * intervalSeconds)?.[0] ?? 86_400;
}

/** One page: what is seen, expected, decided and spent for one target. */
export function App() {
  const [name, setName] = useHashTarget();
  const [pickedSeconds, setWindow] = useState<number | undefined>();
  const [fittingSeconds, setFitting] = useState(900);
  const windowSeconds = pickedSeconds ?? fittingSeconds;
  const [opened, setOpened] = useState<string | undefined>();
  const [command, setCommand] = useState<Command | undefined>();
  const [onlyChanges, setOnlyChanges] = useState(false);
  const state = useDaemon(name, windowSeconds);
  const nowSeconds = useNow(state.clockSkewSeconds);
  const { target, status, targets } = state;
  const selected = target?.target;
  // The same element as before is not gone through again: a tick of the chosen target leaves the list alone.
  const fleet = useMemo(() => (targets.length < 2 || selected === undefined ? null : <Fleet targets={targets} selected={selected} />), [targets, selected]);
  const intervalSeconds = target?.evaluationIntervalSeconds;
  useEffect(() => {
    if (intervalSeconds !== undefined) setFitting(fittingWindow(intervalSeconds));
  }, [intervalSeconds]);
  return (
    <>
      <Header state={state} onTarget={setName} onCommand={setCommand} />
      <div class={fleet === null ? "page" : "page with-fleet"}>
      {fleet}
      <main>
        <Banners state={state} />
        {target === undefined || status === undefined ? <Waiting state={state} /> : (
          <>
            <Headline target={target} decided={state.decided} nowSeconds={nowSeconds} onOpen={setOpened} />
            <Tiles target={target} nowSeconds={nowSeconds} />
            <AgainstHpa target={target} nowSeconds={nowSeconds} />
            <WindowPicker value={windowSeconds} onPick={setWindow} />
            <div class="main-grid">
              <div class="stack">
                {state.history === undefined ? null : <Charts target={target} history={state.history} forecast={state.forecast} marks={state.marks} windowSeconds={windowSeconds} nowSeconds={nowSeconds} />}
                <div class="pair">
                  {state.quality === undefined ? null : <ForecastCard quality={state.quality} nowSeconds={nowSeconds} />}
                  <MarksCard marks={state.marks} onCommand={setCommand} />
                </div>
              </div>
              <div class="stack side">
                <Overrides target={target} overrides={state.overrides} nowSeconds={nowSeconds} onCommand={setCommand} />
                <Conditions target={target} nowSeconds={nowSeconds} />
                <Traffic target={target.target} nowSeconds={nowSeconds} />
                <Money target={target.target} nowSeconds={nowSeconds} />
              </div>
            </div>
            <Decisions decided={state.decided} nowSeconds={nowSeconds} onlyChanges={onlyChanges} onOnlyChanges={setOnlyChanges} onOpen={setOpened} />
            <Comparison target={target.target} />
          </>
        )}
      </main>
      </div>
      {opened === undefined ? null : <DecisionDetail id={opened} onClose={() => { setOpened(undefined); }} />}
      {command === undefined || target === undefined || status === undefined ? null : (
        <CommandDialog command={command} target={target} killSwitch={status.killSwitch} onClose={(done) => { setCommand(undefined); if (done) state.refresh(); }} />
      )}
      {state.connection === "unauthorized" ? <TokenDialog onToken={(token) => { setToken(token); state.reconnect(); }} /> : null}
    </>
  );
}

function Headline({ target, decided, nowSeconds, onOpen }: { readonly target: Target; readonly decided: DaemonState["decided"]; readonly nowSeconds: number; readonly onOpen: (id: string) => void }) {
  const decision = decided[0]?.decision;
  if (decision === undefined) return <section class="headline"><p class="say">Watching {target.target}. The first decision comes with the first tick.</p></section>;
  return (
    <section class="headline" aria-label="Newest decision">
      <p class="say"><KindChip kind={decision.kind} /> {sentence(decision)}</p>
      <p class="muted">{ago(decision.timeSeconds, nowSeconds)}{expectation(decision, target.signals["demand"]?.unit ?? "")}{target.gate.open ? "" : ` · not carried out: ${target.gate.detail === "" ? words(target.gate.code) : target.gate.detail}`} · <button type="button" class="link" onClick={() => { onOpen(decision.id); }}>Explain</button></p>
    </section>
  );
}

function expectation({ forecast }: Decision, unit: string): string {
  if (forecast === undefined || forecast.p50 === null) return " · decided without a forecast";
  return ` · forecast for ${span(forecast.leadTimeSeconds)} ahead, when a replica ordered now is ready: ${quantity(forecast.p50)} ${unit}, 99% sure to be below ${quantity(forecast.p99)}`;
}

/** Money and misses beside what the HPA would have made of the same load, as one sentence. */
function AgainstHpa({ target, nowSeconds }: { readonly target: Target; readonly nowSeconds: number }) {
  const verdict = verdictOf(target);
  if (verdict === undefined) return null;
  return (
    <section class="card verdict" aria-label="Against the HPA">
      <p><b>In {span(nowSeconds - target.spend.sinceSeconds)} Foretide {verdict.says}.</b></p>
      <p class="note">{verdict.figures}</p>
    </section>
  );
}

function WindowPicker({ value, onPick }: { readonly value: number; readonly onPick: (seconds: number) => void }) {
  return (
    <div class="windows" role="group" aria-label="Time shown">
      {WINDOWS.map(([seconds, text]) => <button key={seconds} type="button" aria-pressed={seconds === value} onClick={() => { onPick(seconds); }}>{text}</button>)}
    </div>
  );
}

function Banners({ state: { connection, status } }: { readonly state: DaemonState }) {
  const failing = status?.checks.filter((check) => !check.ok) ?? [];
  return (
    <>
      {connection === "lost" ? <p class="banner warn" role="alert">The daemon does not answer. What you see may be old; trying again every two seconds.</p> : null}
      {status?.killSwitch.engaged === true ? <p class="banner bad" role="alert">Every write is stopped{status.killSwitch.reason === "" ? "" : `: “${status.killSwitch.reason}” (${status.killSwitch.author})`}, by {status.killSwitch.sources.join(", ")}.</p> : null}
      {connection === "live" && failing.length > 0 ? <p class="banner" role="status">Not ready yet: {failing.map((check) => `${words(check.name).toLowerCase()} (${check.detail})`).join(", ")}.</p> : null}
    </>
  );
}

function Waiting({ state: { connection, status } }: { readonly state: DaemonState }) {
  if (connection === "connecting" || status === undefined) return <p class="empty large" role="status">Reading the daemon's state…</p>;
  return (
    <section class="empty large">
      <h2>No target yet</h2>
      <p>A policy names a target. <code>foretide init</code> writes a first one, <code>foretide validate</code> checks it, and the daemon takes it up by itself.</p>
    </section>
  );
}

function TokenDialog({ onToken }: { readonly onToken: (token: string) => void }) {
  return (
    <Dialog title="This daemon asks for a token" onClose={() => undefined}>
      <form class="command" onSubmit={(event) => { event.preventDefault(); onToken(String(new FormData(event.currentTarget).get("token"))); }}>
        <label>Bearer token <input name="token" type="password" required autocomplete="current-password" /></label>
        <p class="note">It is kept until this tab is closed.</p>
        <p class="buttons"><button type="submit" class="primary">Connect</button></p>
      </form>
    </Dialog>
  );
}

function useNow(skewSeconds: number): number {
  const [now, setNow] = useState(Date.now() / 1000);
  useEffect(() => {
    const timer = setInterval(() => { setNow(Date.now() / 1000); }, 1_000);
    return () => { clearInterval(timer); };
  }, []);
  return now + skewSeconds;
}

function useHashTarget(): [string | undefined, (name: string) => void] {
  const read = () => (location.hash.length > 1 ? decodeURIComponent(location.hash.slice(1)) : undefined);
  const [name, setName] = useState(read);
  useEffect(() => {
    const update = () => { setName(read()); };
    addEventListener("hashchange", update);
    return () => { removeEventListener("hashchange", update); };
  }, []);
  return [name, (chosen) => { location.hash = encodeURIComponent(chosen); }];
}
