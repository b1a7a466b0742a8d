import { useState } from "preact/hooks";
import { words } from "./format.ts";
import type { Command } from "./controls.tsx";
import type { Connection, DaemonState } from "./use-daemon.ts";

const CONNECTION_WORDS: Readonly<Record<Connection, string>> = { connecting: "Connecting", live: "Live", lost: "Reconnecting", unauthorized: "Token needed" };
/** Beyond so many the list beside the page is the way to choose. */
const MOST_PICKED = 20;
const THEME_KEY = "foretide-theme";
const THEMES = ["auto", "light", "dark"] as const;

export function applyStoredTheme(): void {
  const theme = localStorage.getItem(THEME_KEY);
  if (theme === "light" || theme === "dark") document.documentElement.dataset["theme"] = theme;
  else delete document.documentElement.dataset["theme"];
}

interface HeaderProps {
  readonly state: DaemonState;
  readonly onTarget: (name: string) => void;
  readonly onCommand: (command: Command) => void;
}

/** The name, which target, how far it may go, whether all is well, and the way to stop everything. */
export function Header({ state, onTarget, onCommand }: HeaderProps) {
  const { target, targets, status, connection } = state;
  const stopped = status?.killSwitch.engaged === true;
  return (
    <header class="top">
      <a class="brand" href="/"><img src="/icon.svg" alt="" width="28" height="28" /> <h1>Foretide</h1></a>
      {target === undefined ? null : (
        <>
          {targets.length > MOST_PICKED ? <b class="picked">{target.target}</b> : <label class="picker"><span class="hidden">Target</span>
            <select value={target.target} onChange={(event) => { onTarget(event.currentTarget.value); }}>
              {targets.map((one) => <option key={one.target} value={one.target}>{one.target}</option>)}
            </select>
          </label>}
          <button type="button" class={`mode mode-${target.mode}`} onClick={() => { onCommand({ type: "mode" }); }}><span class="mode-name">Mode</span> {words(target.mode)} <span aria-hidden="true">▾</span></button>
        </>
      )}
      <span class="grow" />
      <span class={`connection ${connection}`} role="status"><i aria-hidden="true" />{CONNECTION_WORDS[connection]}{status !== undefined && !status.ready && connection === "live" ? ", warming up" : ""}</span>
      <ThemeButton />
      {target === undefined ? null : <button type="button" class={stopped ? "danger" : "secondary"} onClick={() => { onCommand({ type: "kill-switch", engage: !stopped }); }}>{stopped ? "Writes are stopped" : "Stop all writes"}</button>}
    </header>
  );
}

function ThemeButton() {
  const stored = localStorage.getItem(THEME_KEY);
  const [theme, setTheme] = useState<string>(stored ?? "auto");
  const next = THEMES[(THEMES.indexOf(theme as (typeof THEMES)[number]) + 1) % THEMES.length] ?? "auto";
  return (
    <button type="button" class="icon" aria-label={`Colours: ${theme}`} title={`Colours: ${theme}`} onClick={() => {
      localStorage.setItem(THEME_KEY, next);
      setTheme(next);
      applyStoredTheme();
    }}>{theme === "auto" ? "◐" : theme === "light" ? "☀" : "☾"}</button>
  );
}
