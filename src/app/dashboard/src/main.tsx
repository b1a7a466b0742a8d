import "./browser-locale.ts";
import { render } from "preact";
import { App } from "./app.tsx";
import { applyStoredTheme } from "./header.tsx";
import "./page.css";

applyStoredTheme();
const root = document.getElementById("app");
if (root !== null) render(<App />, root);
