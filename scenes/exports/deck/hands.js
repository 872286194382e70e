// Hands: keys, mouse, touch; and how the page begins. What a key does stands in the help.
const keys = {};
for (const key of document.querySelectorAll("#help [data-key]")) keys[key.dataset.key] = key.closest("tr").dataset.does;

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const dialog = find("dialog[open]"), onButton = event.target.closest?.("button:focus-visible");
  if (onButton && (key === " " || key === "Enter")) return; // that button is meant
  if (dialog?.id === "overview" && step(key)) return event.preventDefault();
  const digit = /^[1-9]$/.test(key) && key <= sections.length;
  if (!digit && (dialog ? keys[key] !== dialog.id : !keys[key])) return;
  event.preventDefault();
  if (event.repeat) return;
  dialog?.close();
  if (digit) enter(key - 1);
  else if (!dialog) act(keys[key]);
}

/** From one picture of the overview to another; whether the key leads anywhere. */
function step(key) {
  const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[key];
  const buttons = [...document.querySelectorAll("#overview li button")];
  if (by) buttons.at((buttons.indexOf(document.activeElement) + by) % buttons.length).focus();
  return by;
}

function onClick(event) {
  const button = event.target.closest("button");
  if (event.detail) button?.blur(); // after a click of the mouse, Space goes on and does not press it again
  if (button?.dataset.section) {
    find("dialog[open]")?.close();
    enter(Number(button.dataset.section));
  } else if (button) act(button.dataset.does);
  else if (event.target.closest("#stage, #cover") || document.body.classList.contains("black")) act("forward");
  else if (event.target.matches("dialog")) event.target.close(); // beside it
}

document.addEventListener("keydown", onKey);
document.addEventListener("click", onClick);

let touched = null;
find("#deck").addEventListener("pointerdown", (event) => {
  touched = event.pointerType !== "mouse" && event.isPrimary ? event : null;
});
find("#deck").addEventListener("pointerup", (event) => {
  const right = event.clientX - touched?.clientX, down = event.clientY - touched?.clientY;
  if (Math.abs(right) > 40 && Math.abs(right) > 2 * Math.abs(down)) act(right < 0 ? "forward" : "back");
  touched = null;
});

function wake() {
  document.body.classList.remove("idle");
  clearTimeout(wake.timer);
  wake.timer = setTimeout(() => document.body.classList.add("idle"), 2500);
}
for (const event of ["pointermove", "pointerdown", "focusin"]) document.addEventListener(event, wake);

// To begin with.
sections.forEach(({ title, duration }, index) => {
  const name = `${index + 1}: ${title}`;
  const mark = element("button", { type: "button", title: name, ariaLabel: name }, element("span", {}, element("i")));
  mark.style.flexGrow = duration;
  const words = element("span", {}, element("b", {}, String(index + 1)), title, element("i", {}, clock(duration)));
  const card = element("button", { type: "button" }, element("img", { src: posters[index], alt: "" }), words);
  mark.dataset.section = card.dataset.section = index;
  find("#sections").append(mark);
  find("#overview ol").append(element("li", {}, card));
});
for (const [name, value] of Object.entries({ columns, rows: Math.ceil(sections.length / columns), shape: film.shape })) {
  document.documentElement.style.setProperty(`--${name}`, value);
}
find("[data-does=fullscreen]").hidden = !document.fullscreenEnabled;
caption.classList.toggle("heard", film.captioned);
const linked = () => {
  const names = ({ slug }, index) => [slug, encodeURIComponent(slug), String(index + 1)];
  return Math.max(sections.findIndex((section, index) => names(section, index).includes(location.hash.slice(1))), 0);
};
addEventListener("hashchange", () => open(linked()));
addEventListener("pagehide", () => speaker?.close());
setInterval(showTime, 500);
open(linked());
wake();
