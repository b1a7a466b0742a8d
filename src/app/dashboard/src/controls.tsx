import { useState } from "preact/hooks";
import { Dialog } from "./dialog.tsx";
import { count, span, words } from "./format.ts";
import { send } from "./http.ts";
import type { KillSwitch, Mark, Mode, Override, Target } from "./wire-types.ts";

/** What a person is about to do; each needs a name and a reason. */
export type Command =
  | { readonly type: "override"; readonly kind: Override["kind"] }
  | { readonly type: "end-override"; readonly override: Override }
  | { readonly type: "mark" }
  | { readonly type: "undo-mark"; readonly mark: Mark }
  | { readonly type: "mode" }
  | { readonly type: "kill-switch"; readonly engage: boolean };

const AUTHOR_KEY = "foretide-author";
const DURATIONS: readonly (readonly [number, string])[] = [[900, "15 minutes"], [3_600, "1 hour"], [14_400, "4 hours"], [86_400, "1 day"], [604_800, "1 week"]];
const MODE_NOTES: Readonly<Record<Mode, string>> = {
  observe: "Watches and forecasts; proposes nothing.",
  recommend: "Says what it would do; writes nothing.",
  "scale-out-only": "Adds capacity; never takes any away.",
  full: "Scales out and in.",
};
const KIND_NOTES: Readonly<Record<Override["kind"], string>> = {
  pause: "No change at all until it ends.",
  "pause-scale-in": "Only more capacity, never less, until it ends.",
  pin: "A fixed count until it ends.",
  floor: "At least so many until it ends. Wakes a target that a schedule has shut down, or that stands at zero.",
};

interface OverridesProps {
  readonly target: Target;
  readonly overrides: readonly Override[];
  readonly nowSeconds: number;
  readonly onCommand: (command: Command) => void;
}

/** A person's hand on the target: what is in force, with its end, and the ways to add one. */
export function Overrides({ target, overrides, nowSeconds, onCommand }: OverridesProps) {
  const mine = overrides.filter((one) => one.target === target.target || one.target === target.group || one.target === "*");
  return (
    <section class="card" aria-labelledby="overrides-title">
      <header><h2 id="overrides-title">Overrides</h2></header>
      {mine.length === 0 ? <p class="empty">None. Foretide decides by the policy alone.</p> : (
        <ul class="overrides">
          {mine.map((one) => (
            <li key={one.id}>
              <span><b>{words(one.kind)}{one.replicas === undefined ? "" : ` at ${count(one.replicas)}`}</b> <span class="muted">ends in {span(one.expiresAtSeconds - nowSeconds)}</span><span class="note">“{one.reason}” · {one.author}</span></span>
              <button type="button" class="secondary" aria-label={`End ${words(one.kind).toLowerCase()}`} onClick={() => { onCommand({ type: "end-override", override: one }); }}>End</button>
            </li>
          ))}
        </ul>
      )}
      <p class="buttons">
        {(["pause", "pause-scale-in", "pin", "floor"] as const).map((kind) => (
          <button key={kind} type="button" class="secondary" onClick={() => { onCommand({ type: "override", kind }); }}>{words(kind)}…</button>
        ))}
      </p>
    </section>
  );
}

interface CommandDialogProps {
  readonly command: Command;
  readonly target: Target;
  readonly killSwitch: KillSwitch;
  readonly onClose: (done: boolean) => void;
}

/** Asks for the reason, the name and, where there is one, the time limit; then does it. */
export function CommandDialog({ command, target, killSwitch, onClose }: CommandDialogProps) {
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = (form: FormData) => {
    const author = String(form.get("author"));
    localStorage.setItem(AUTHOR_KEY, author);
    setBusy(true);
    carryOut(command, target, form).then(
      () => { onClose(true); },
      (failed: unknown) => { setBusy(false); setError(failed instanceof Error ? failed.message : String(failed)); },
    );
  };
  return (
    <Dialog title={titleOf(command, target)} onClose={() => { onClose(false); }}>
      <form class="command" onSubmit={(event) => { event.preventDefault(); submit(new FormData(event.currentTarget)); }}>
        <p class="muted">{noteOf(command, killSwitch)}</p>
        <CommandFields command={command} target={target} />
        <label>Reason <input name="reason" required maxLength={1000} placeholder="Release 4.2 goes out" /></label>
        <label>Your name <input name="author" required maxLength={200} autocomplete="username" defaultValue={localStorage.getItem(AUTHOR_KEY) ?? ""} /></label>
        {error === "" ? null : <p class="error" role="alert">{error}</p>}
        <p class="buttons"><button type="submit" class={command.type === "kill-switch" && command.engage ? "danger" : "primary"} disabled={busy}>{verbOf(command)}</button></p>
      </form>
    </Dialog>
  );
}

function CommandFields({ command, target }: { readonly command: Command; readonly target: Target }) {
  if (command.type === "mode") {
    return (
      <fieldset>
        <legend>Mode</legend>
        {(Object.keys(MODE_NOTES) as Mode[]).map((mode) => (
          <label key={mode} class="radio"><input type="radio" name="mode" value={mode} defaultChecked={mode === target.mode} /> <span><b>{words(mode)}</b><span class="note">{MODE_NOTES[mode]}</span></span></label>
        ))}
      </fieldset>
    );
  }
  if (command.type === "mark") return <MarkFields />;
  if (command.type !== "override") return null;
  return (
    <>
      {command.kind === "pin" || command.kind === "floor" ? <label>Replicas <input name="replicas" type="number" required min={command.kind === "pin" ? target.replicas.min : 1} max={command.kind === "pin" ? target.replicas.max : undefined} defaultValue={String(target.replicas.ready ?? target.replicas.min)} /></label> : null}
      <label>For <select name="duration" defaultValue="3600">{DURATIONS.map(([seconds, text]) => <option key={seconds} value={seconds} selected={seconds === 3_600}>{text}</option>)}</select></label>
    </>
  );
}

const HOUR_MILLISECONDS = 3_600_000;

function MarkFields() {
  // What a field of the browser takes: local time to the minute.
  const local = (milliseconds: number): string => new Date(milliseconds - new Date(milliseconds).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  const now = Date.now();
  return (
    <>
      <label>What it was <select name="kind" defaultValue="deploy">{MARKED.map((kind) => <option key={kind} value={kind}>{words(kind)}</option>)}</select></label>
      <label>From <input name="from" type="datetime-local" required defaultValue={local(now - HOUR_MILLISECONDS)} /></label>
      <label>To <input name="to" type="datetime-local" required defaultValue={local(now)} /></label>
    </>
  );
}

const MARKED: readonly Mark["kind"][] = ["deploy", "outage", "one-off", "scrape-gap", "saturated"];

function carryOut(command: Command, target: Target, form: FormData): Promise<unknown> {
  const by = { author: String(form.get("author")), reason: String(form.get("reason")) };
  switch (command.type) {
    case "override": {
      const pinned = command.kind === "pin" || command.kind === "floor" ? { replicas: Number(form.get("replicas")) } : {};
      return send("POST", "/overrides", { kind: command.kind, target: target.target, durationSeconds: Number(form.get("duration")), ...pinned, ...by });
    }
    case "end-override":
      return send("DELETE", `/overrides/${encodeURIComponent(command.override.id)}?${new URLSearchParams(by).toString()}`);
    case "mark": {
      const seconds = (name: string): number => new Date(String(form.get(name))).getTime() / 1000;
      return send("POST", `/targets/${encodeURIComponent(target.target)}/marks`, { kind: String(form.get("kind")), fromSeconds: seconds("from"), toSeconds: seconds("to"), ...by });
    }
    case "undo-mark":
      return send("DELETE", `/marks/${encodeURIComponent(command.mark.id)}?${new URLSearchParams(by).toString()}`);
    case "mode":
      return send("PUT", `/targets/${encodeURIComponent(target.target)}/mode`, { mode: String(form.get("mode")), ...by });
    case "kill-switch":
      return send("PUT", "/kill-switch", { engaged: command.engage, ...by });
  }
}

function titleOf(command: Command, target: Target): string {
  switch (command.type) {
    case "override": return `${words(command.kind)} ${target.target}`;
    case "end-override": return `End ${words(command.override.kind).toLowerCase()} of ${command.override.target}`;
    case "mark": return `Mark a stretch of ${target.target}`;
    case "undo-mark": return `Undo ${words(command.mark.kind).toLowerCase()} of ${command.mark.target}`;
    case "mode": return `Mode of ${target.target}`;
    case "kill-switch": return command.engage ? "Stop every write" : "Let writes go on";
  }
}

function noteOf(command: Command, killSwitch: KillSwitch): string {
  switch (command.type) {
    case "override": return KIND_NOTES[command.kind];
    case "end-override": return "The policy decides alone again.";
    case "mark": return "The forecasts do not learn from it. It stays in the history, and the mark can be undone.";
    case "undo-mark": return "The forecasts learn from it again at once.";
    case "mode": return "How far decisions may go.";
    case "kill-switch": return command.engage ? "No target of this daemon is changed until it is released. Forecasts and decisions go on." : releaseNote(killSwitch);
  }
}

function releaseNote({ sources, author, reason }: KillSwitch): string {
  const others = sources.filter((source) => source !== "api");
  const set = reason === "" ? "" : `Set by ${author}: “${reason}”. `;
  return others.length === 0 ? `${set}The targets' modes apply again.` : `${set}It stays on by ${others.join(" and ")}, which only a hand there can release.`;
}

function verbOf(command: Command): string {
  switch (command.type) {
    case "override": return words(command.kind);
    case "end-override": return "End it";
    case "mark": return "Mark it";
    case "undo-mark": return "Undo it";
    case "mode": return "Set mode";
    case "kill-switch": return command.engage ? "Stop every write" : "Release";
  }
}
