"use strict";
(() => {
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
  let speaker = null; // the window of whoever speaks
  let resumes = false; // whether the film goes on after the black screen

  // ---- Clips: made when they are needed, the neighbours of the one that is shown kept ready.
  const clips = new Map();

  function clip(index) {
    if (!clips.has(index)) {
      const text = find(`#clip-${index}`).textContent;
      const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      const video = element("video", { muted: true, playsInline: true, preload: "auto", disablePictureInPicture: true });
      video.ariaLabel = `Film: ${sections[index].title}`;
      video.onended = () => index === at && phase === "playing" && settle("end");
      video.ontimeupdate = tick;
      video.onerror = () => { video.poster = posters[index]; say("This browser cannot play the film (H.264): try another."); };
      video.src = URL.createObjectURL(new Blob([bytes], { type: "video/mp4" }));
      stage.prepend(video);
      clips.set(index, video);
    }
    return clips.get(index);
  }

  function keepNeighbours() {
    for (const [index, video] of clips) {
      if (Math.abs(index - at) > 1) {
        URL.revokeObjectURL(video.src);
        video.remove();
        clips.delete(index);
      }
    }
    if (at < end) clip(at + 1);
  }

  /** Resolves when a video has the picture that it was sent to. */
  const picture = (video) => new Promise((resolve) => {
    const look = () => (video.error || (video.readyState >= 2 && !video.seeking)) && resolve();
    for (const event of ["loadeddata", "seeked", "error"]) video.addEventListener(event, look);
    look();
  });

  /** Shows a moment of a section; the old picture stands until the new one is there. Whether it is still wanted then. */
  async function show(index, moment) {
    const mine = ++turn, video = clip(index);
    clips.forEach((other) => other.pause());
    video.currentTime = moment;
    await picture(video);
    if (mine !== turn) return false;
    clips.forEach((other) => other.classList.toggle("shown", other === video));
    (window.requestIdleCallback || setTimeout)(keepNeighbours);
    return true;
  }

  // ---- What a lecturer does.
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
      if (phase === "paused") play(at, clip(at).currentTime);
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

  // ---- What the page says of where it is.
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
    find("span", cover).textContent = label();
    for (const button of document.querySelectorAll("#controls [data-does=forward]")) {
      button.ariaLabel = label();
      button.title = `${label()} (Space)`;
    }
    find("#where").replaceChildren(element("b", {}, `${at + 1} / ${sections.length}`), sections[at].title);
    find("[data-does=captions]").ariaPressed = !caption.classList.contains("heard");
    for (const button of document.querySelectorAll("[data-section]")) button.ariaCurrent = String(Number(button.dataset.section) === at);
    history.replaceState(null, "", phase === "cover" && at === 0 ? "#" : `#${sections[at].slug}`);
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

  // ---- The speaker's window: this page writes into it, so that it works without a server too.
  function openSpeaker() {
    if (speaker && !speaker.closed) return speaker.focus();
    speaker = window.open("", "", "popup,width=1080,height=760");
    if (!speaker) return say("The browser has blocked the speaker's window: allow this page to open windows.");
    const paper = speaker.document;
    paper.write("<!doctype html>");
    paper.close();
    paper.documentElement.lang = "en";
    paper.title = `Speaker: ${film.title}`;
    paper.head.append(find("style").cloneNode(true));
    paper.body.append(paper.importNode(find("#speaker").content, true));
    paper.addEventListener("keydown", onKey);
    paper.addEventListener("click", onClick);
    [find("canvas", paper).width, find("canvas", paper).height] = [640, Math.round(640 / film.shape)];
    refreshSpeaker();
    tick();
  }

  function refreshSpeaker() {
    if (!speaker || speaker.closed) return;
    const paper = speaker.document, next = phase === "cover" ? at : at + 1;
    find("#now", paper).textContent = `${at + 1} / ${sections.length}  ${sections[at].title}`;
    find("#next", paper).textContent = next > end ? "Then: the end" : `Then: ${sections[next].title}`;
    find(".next img", paper).hidden = next > end;
    find(".next img", paper).src = posters[Math.min(next, end)];
    find(".keys [data-does=forward]", paper).textContent = label();
    const notes = sections[at].notes || "None for this section.";
    find(".notes div", paper).replaceChildren(...notes.split(/\n{2,}/).map((text) => element("p", {}, text)));
    showTime();
  }

  /** What the screen shows, small, and the caption that goes with it. */
  function mirror() {
    if (!speaker || speaker.closed) return;
    const paper = speaker.document, canvas = find("canvas", paper), shown = phase === "cover" ? find("img", cover) : find(".shown", stage);
    if (!shown) return;
    canvas.getContext("2d").drawImage(shown, 0, 0, canvas.width, canvas.height);
    find(".caption", paper).textContent = caption.textContent;
  }

  function showTime() {
    if (!speaker || speaker.closed) return;
    find(".elapsed", speaker.document).textContent = clock(began ? (Date.now() - began) / 1000 : 0);
    find(".clock", speaker.document).textContent = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  }

  // ---- Hands.
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

  document.addEventListener("keydown", onKey);
  function onClick(event) {
    const button = event.target.closest("button");
    if (event.detail) button?.blur(); // after a click of the mouse, Space goes on and does not press it again
    if (button?.dataset.section) {
      find("dialog[open]")?.close();
      enter(Number(button.dataset.section));
    } else if (button) act(button.dataset.does);
    else if (event.target.closest("#stage") || document.body.classList.contains("black")) act("forward");
    else if (event.target.matches("dialog")) event.target.close(); // beside it
  }
  document.addEventListener("click", onClick);

  let touched = null;
  stage.addEventListener("pointerdown", (event) => { touched = event.pointerType === "mouse" ? null : event; });
  stage.addEventListener("pointerup", (event) => {
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

  // ---- To begin with.
  sections.forEach(({ title, duration }, index) => {
    const mark = element("button", { type: "button", title: `${index + 1}  ${title}`, ariaLabel: `${index + 1}: ${title}` }, element("span", {}, element("i")));
    mark.style.flexGrow = duration;
    const words = element("span", {}, element("b", {}, String(index + 1)), title, element("i", {}, clock(duration)));
    const card = element("button", { type: "button" }, element("img", { src: posters[index], alt: "" }), words);
    mark.dataset.section = card.dataset.section = index;
    find("#sections").append(mark);
    find("#overview ol").append(element("li", {}, card));
  });
  find("#overview").style.setProperty("--columns", columns);
  find("#overview").style.setProperty("--shape", (film.shape * columns) / Math.ceil(sections.length / columns) * 0.88);
  find("[data-does=fullscreen]").hidden = !document.fullscreenEnabled;
  caption.classList.toggle("heard", film.captioned);
  const linked = () => {
    const hash = location.hash.slice(1);
    return Math.max(sections.findIndex(({ slug }, index) => [slug, encodeURIComponent(slug), String(index + 1)].includes(hash)), 0);
  };
  addEventListener("hashchange", () => open(linked()));
  addEventListener("pagehide", () => speaker?.close());
  setInterval(showTime, 500);
  open(linked());
  wake();
})();
