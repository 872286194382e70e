// A talk: what is shown, and what leads from one thing to the next. The scripts of this folder make one module.
const find = (selector, root = document) => root.querySelector(selector);
const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

const film = JSON.parse(find("#film").textContent);
const { sections } = film;
const end = sections.length - 1;
const posters = [...document.querySelectorAll("#handout img")].map((picture) => picture.src);
const stage = find("#stage"), cover = find("#cover"), caption = find("#caption");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const columns = Math.ceil(Math.sqrt(sections.length)); // of the overview
const speeds = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3];

let at = 0; // the section that is shown
let phase = "cover"; // of it: "cover", "playing", "paused" (within it) or "end" (at its last picture)
let turn = 0; // counts what was asked for, so that what comes late knows that it is
let speed = 1;
let began = null; // when the talk did, in milliseconds
let resumes = false; // whether the film goes on after the black screen

// What a lecturer does.
async function play(index, from = 0) {
  [at, began] = [index, began ?? Date.now()];
  settle("playing");
  if (!(await show(index, from))) return;
  const mine = turn, video = clip(index);
  video.playbackRate = speed;
  video.play().catch(() => mine === turn && phase === "playing" && settle("paused"));
  navigator.wakeLock?.request("screen").catch(() => {}); // a screen saver is no slide
}

function finish(index) {
  at = index;
  began ??= Date.now();
  settle("end");
  return show(index, sections[index].duration - 0.5 / film.rate);
}

function open(index) {
  turn++;
  clips.forEach((video) => video.pause());
  at = index;
  find("img", cover).src = posters[index];
  settle("cover");
}

const enter = (index) => (still.matches ? finish(index) : play(index));
const does = {
  forward() {
    if (phase === "cover") enter(at);
    else if (phase === "playing") finish(at);
    else if (phase === "paused") play(at, clip(at).currentTime);
    else if (at < end) enter(at + 1);
    else say("This is the end. Home leads back to the title.");
  },
  back: () => (at > 0 ? finish(at - 1) : open(0)),
  pause() {
    if (phase === "paused") return play(at, clip(at).currentTime);
    if (phase !== "playing") return;
    turn++;
    clip(at).pause();
    settle("paused");
  },
  replay: () => play(at),
  first: () => open(0),
  last: () => finish(end),
  faster: () => pace(1),
  slower: () => pace(-1),
  captions() {
    caption.classList.toggle("heard");
    refresh();
  },
  overview: () => toggle(find("#overview")),
  help: () => toggle(find("#help")),
  fullscreen: () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen()),
  black() {
    const dark = document.body.classList.toggle("black");
    if (dark) resumes = phase === "playing";
    if (resumes) does.pause();
  },
  speaker: openSpeaker,
  restart: () => { began = Date.now(); },
};

function act(name) {
  if (document.body.classList.contains("black")) does.black(); // whatever is pressed, the picture comes back first
  else does[name]();
}

function pace(step) {
  const next = speeds.indexOf(speed) + step;
  speed = speeds[Math.min(Math.max(next, 0), speeds.length - 1)];
  clips.forEach((video) => { video.playbackRate = speed; });
  say(`Speed ${speed}×`);
}

function toggle(dialog) {
  if (dialog.open) return dialog.close();
  if (phase === "playing") does.pause();
  dialog.showModal();
  find("[aria-current=true]", dialog)?.focus();
}

function say(text) {
  find("#toast").textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { find("#toast").textContent = ""; }, 2500);
}

// What the page says of where it is.
function settle(next) {
  phase = next;
  refresh();
}

function label() {
  if (phase === "playing") return "Skip to the end";
  if (phase === "paused") return "Play on";
  if (phase === "cover") return at ? `Play ${sections[at].title}` : "Play";
  return at < end ? `Next: ${sections[at + 1].title}` : "The end";
}

function refresh() {
  document.body.dataset.phase = phase;
  cover.hidden = phase !== "cover";
  find("button span", cover).textContent = label();
  for (const button of document.querySelectorAll("#controls [data-does=forward]")) {
    button.ariaLabel = label();
    button.title = `${label()} (Space)`;
  }
  find("#where").replaceChildren(element("b", {}, `${at + 1} / ${sections.length}`), sections[at].title);
  find("[data-does=captions]").ariaPressed = !caption.classList.contains("heard");
  for (const button of document.querySelectorAll("[data-section]")) {
    button.ariaCurrent = String(Number(button.dataset.section) === at);
  }
  history.replaceState(null, "", phase === "cover" && at === 0 ? "#" : `#${sections[at].slug}`);
  const notes = sections[at].notes.split(/\n{2,}/).filter(Boolean);
  find("#notes").replaceChildren(...notes.map((text) => element("p", {}, text)));
  refreshSpeaker();
  tick();
}

function tick() {
  cancelAnimationFrame(tick.next);
  const { duration, beats } = sections[at];
  const now = { cover: 0, end: duration }[phase] ?? clips.get(at)?.currentTime ?? 0;
  [...find("#sections").children].forEach((button, index) => {
    const done = index < at ? 1 : index > at ? 0 : Math.min(now / duration, 1);
    find("i", button).style.transform = `scaleX(${done})`;
  });
  const beat = phase === "cover" ? null : beats.findLast(({ start }) => start <= now + 1e-3);
  if (caption.textContent !== (beat?.caption ?? "")) caption.textContent = beat?.caption ?? "";
  mirror();
  if (phase === "playing") tick.next = requestAnimationFrame(tick);
}
