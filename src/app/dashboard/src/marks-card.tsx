import type { Command } from "./controls.tsx";
import { dateTime, span, words } from "./format.ts";
import type { Mark } from "./wire-types.ts";

const SHOWN = 6;

/** What the forecasts do not learn from, the newest first, and how to mark or undo. */
export function MarksCard({ marks, onCommand }: { readonly marks: readonly Mark[]; readonly onCommand: (command: Command) => void }) {
  const newest = marks.toReversed();
  return (
    <section class="card" aria-labelledby="marks-title">
      <header><h2 id="marks-title">Not learned from</h2></header>
      {marks.length === 0 ? <p class="empty">Nothing. The forecasts learn from all of the load.</p> : (
        <ul class="overrides">
          {newest.slice(0, SHOWN).map((mark) => (
            <li key={mark.id}>
              <span><b>{words(mark.kind)}</b> <span class="muted">{dateTime(mark.fromSeconds)}, {span(mark.toSeconds - mark.fromSeconds)}</span><span class="note">“{mark.reason}” · {mark.automatic ? "found" : mark.author}</span></span>
              <button type="button" class="secondary" aria-label={`Undo ${words(mark.kind).toLowerCase()} of ${dateTime(mark.fromSeconds)}`} onClick={() => { onCommand({ type: "undo-mark", mark }); }}>Undo</button>
            </li>
          ))}
        </ul>
      )}
      {marks.length > SHOWN ? <p class="note">and {String(marks.length - SHOWN)} older ones</p> : null}
      <p class="buttons"><button type="button" class="secondary" onClick={() => { onCommand({ type: "mark" }); }}>Mark a stretch…</button></p>
    </section>
  );
}
