// Clips: each a video of its own, made when it is needed; the neighbours of the one that is shown are kept ready.
const clips = new Map();

function clip(index) {
  if (!clips.has(index)) {
    const text = atob(find(`#clip-${index}`).textContent), bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
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
    if (Math.abs(index - at) > 1 && !video.classList.contains("shown")) {
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
  tick();
  (window.requestIdleCallback || setTimeout)(keepNeighbours);
  return true;
}
