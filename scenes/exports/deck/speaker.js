// The speaker's window: the page itself writes into it, so that it works without a server too.
let speaker = null;

function openSpeaker() {
  if (speaker && !speaker.closed) return speaker.focus();
  speaker = window.open("", "", "popup,width=1080,height=760");
  if (!speaker) return say("The browser has blocked the speaker's window: allow this page to open windows.");
  const paper = speaker.document;
  paper.write("<!doctype html>");
  paper.close();
  [paper.documentElement.lang, paper.documentElement.className] = ["en", "plays"];
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
  const notes = [...find("#notes").cloneNode(true).children];
  find(".notes div", paper).replaceChildren(...(notes.length ? notes : [element("p", {}, "None for this section.")]));
  showTime();
}

/** What the screen shows, small, and the caption that goes with it. */
function mirror() {
  if (!speaker || speaker.closed) return;
  const paper = speaker.document, canvas = find("canvas", paper);
  const shown = phase === "cover" ? find("img", cover) : find(".shown", stage);
  if (!shown) return;
  canvas.getContext("2d").drawImage(shown, 0, 0, canvas.width, canvas.height);
  find(".caption", paper).textContent = caption.textContent;
}

function showTime() {
  if (!speaker || speaker.closed) return;
  find(".elapsed", speaker.document).textContent = clock(began ? (Date.now() - began) / 1000 : 0);
  find(".clock", speaker.document).textContent = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}
