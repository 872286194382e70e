// The explorer: one ES module in the format of anywidget, for a page of its own and for notebooks alike.
import { h, oneOf } from "./controls.js";
import { Live } from "./live.js";
import { Mixture } from "./mixture.js";
import { Density } from "./density.js";
import { unpackDoubles } from "./packing.js";
import { Recorded } from "./recorded.js";
import { Run } from "./run.js";

const ROLES = ["paper", "ink", "mute", "exact", "chance", "particles"];
const LANGEVIN = ["ascent", "ula", "mala", "annealed"]; // samplers that take the step of the formula
const SLIDES = ["ArrowLeft", "ArrowRight", "Home", "End", "PageUp", "PageDown"];
const TAKES_KEYS = { range: SLIDES, number: SLIDES, radio: ["ArrowLeft", "ArrowRight"], checkbox: [" "], BUTTON: [" "], SUMMARY: [" "] };

/** Show the `exploration` of a model in an element; returns what ends it. */
async function render({ model, el }) {
  const exploration = model.get("exploration");
  const status = h("p", { className: "unseen", role: "status" });
  const notice = h("p", { className: "notice", "aria-hidden": "true" });
  const announce = (text) => {
    status.textContent = text;
    notice.textContent = text.startsWith("Particle") ? "" : text;
  };
  let frame = 0;
  let last = null;
  const changed = () => {
    if (!frame && mode) frame = requestAnimationFrame(tick);
  };
  let mode = null;
  const tick = (now) => {
    frame = 0;
    if (mode.playing && last !== null) mode.pass(now - last);
    last = mode.playing ? now : null;
    mode.draw();
    if (mode.playing) changed();
  };

  const runs = await Promise.all(exploration.runs.map(Run.of));
  const targets = await liveTargets(exploration, runs[0]);
  const modes = {
    recorded: new Recorded(runs, exploration.half_side, announce, changed),
    live: new Live(targets, exploration.window, announce, changed),
  };
  const stages = h("div", { className: "stages" });
  const panel = h("div", { className: "panel" });
  const transport = h("div");
  const theme = h("button", { type: "button", className: "theme", onclick: () => recolour(palette === "dark" ? "light" : "dark") });
  const formula = rule();
  const title = h("h1");
  const root = h(
    "div", { className: "explorer" },
    h("header", {},
      h("div", {}, title, formula),
      oneOf("What to explore", [["recorded", "Recorded run"], ["live", "Live"]], (name) => enter(name)), theme),
    h("main", {}, h("div", { className: "left" }, stages, transport, notice), panel), status,
  );
  let palette = exploration.theme;
  const recolour = (name) => {
    palette = name;
    const colours = exploration.palettes[name];
    for (const role of ROLES) root.style.setProperty(`--${role}`, colours[role]);
    root.style.colorScheme = name;
    theme.textContent = name === "dark" ? "Light theme" : "Dark theme";
    for (const one of Object.values(modes)) one.recolour(colours);
    changed();
  };
  const enter = (name) => {
    if (mode) mode.playing = false;
    mode = modes[name];
    mode.spoken = false;
    root.dataset.mode = name;
    title.textContent = name === "live" ? "Live Langevin" : exploration.title;
    root.dataset.runs = runs.length;
    formula.hidden = name === "recorded" && !runs.every((run) => LANGEVIN.includes(run.sampler));
    root.style.setProperty("--stages", mode.stages.length);
    stages.replaceChildren(...mode.stages);
    panel.replaceChildren(...mode.panel);
    transport.replaceChildren(mode.transport);
    changed();
  };
  const press = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const { tagName, type } = event.target;
    const taken = TAKES_KEYS[type] ?? TAKES_KEYS[tagName] ?? [];
    if (tagName === "SELECT" || taken.includes(event.key)) return;
    if (mode.key(event)) event.preventDefault();
  };
  el.addEventListener("keydown", press);
  el.append(root);
  recolour(palette);
  enter("recorded");
  return () => {
    mode.playing = false;
    cancelAnimationFrame(frame);
    el.removeEventListener("keydown", press);
    for (const one of Object.values(modes)) for (const view of one.views) view.remove();
  };
}

/** The rule of a step, whose colours are the legend of everything else. */
function rule() {
  const term = (role, ...parts) => h("span", { className: role }, ...parts);
  const below = (text) => h("sub", {}, text);
  return h(
    "p", { className: "rule" }, h("i", {}, "x"), below("k+1"), " = ", h("i", {}, "x"), below("k"), " + ",
    term("exact", h("i", {}, "τ"), " ∇ log ", h("i", {}, "p"), "(", h("i", {}, "x"), below("k"), ")"),
    " + ", term("chance", "√", h("span", { className: "root" }, "2", h("i", {}, "τ")), " ", h("i", {}, "ε"), below("k")),
  );
}

/** Targets of live runs: that of the recorded run first, then those of the list. */
async function liveTargets(exploration, run) {
  const own = exploration.runs[0].score?.mixture;
  const others = exploration.targets.filter(({ mixture }) => mixture !== own);
  const known = await Promise.all(
    others.map(async ({ name, mixture }) => [name, { target: new Mixture(await unpackDoubles(mixture)) }]),
  );
  if (!run.target) return known;
  const density = own || !run.density ? null : Density.stored(run.density, 0);
  return [[`${run.target_name}, as in the run`, { target: run.target, density }], ...known];
}

const explorer = { render };
export default explorer;
