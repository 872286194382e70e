// Elements of the page: small helpers that make what HTML already has, with a name for those who cannot see it.

/** Records or steps a second, without motion between them, for those who have asked for less of it. */
export const CALM_PACE = 3;

/** An element with properties (`class`, `on…` and `aria-…` too) and children. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && !name.includes("-")) element[name] = value;
    else element.setAttribute(name === "className" ? "class" : name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

const ICONS = {
  play: "M4 2.5v11l9.5-5.5z",
  pause: "M3.5 2.5h3.2v11H3.5zM9.3 2.5h3.2v11H9.3z",
  back: "M11.5 2.8v10.4L4.5 8z",
  forward: "M4.5 2.8v10.4l7-5.2z",
  start: "M3 2.8h1.8v10.4H3zM13 2.8v10.4L5.6 8z",
};

/** A round button with a picture; `name` is what it is called. */
export function iconButton(icon, name, act) {
  const button = h("button", { type: "button", className: "icon", onclick: act });
  setIcon(button, icon, name);
  return button;
}

export function setIcon(button, icon, name) {
  if (button.dataset.icon === icon) return;
  button.dataset.icon = icon;
  button.ariaLabel = button.title = name;
  button.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${ICONS[icon]}"/></svg>`;
}

export function button(name, act) {
  return h("button", { type: "button", onclick: act }, name);
}

export function checkbox(name, checked, act) {
  const input = h("input", { type: "checkbox", checked, onchange: () => act(input.checked) });
  return h("label", { className: "check" }, input, name);
}

/** A slider with its value beside its name; `text` turns the value into what is read. */
export function slider(name, { min, max, step, value }, text, act) {
  const output = h("span", { className: "value", "aria-hidden": "true" }, text(value)); // the slider says it itself
  const input = h("input", { type: "range", min, max, step, ariaLabel: name, ariaValueText: text(value) });
  input.value = value;
  input.addEventListener("input", () => {
    show();
    act(Number(input.value));
  });
  const show = () => {
    output.textContent = input.ariaValueText = text(Number(input.value));
  };
  const set = (number) => {
    input.value = number;
    show();
  };
  const element = h("label", { className: "slider" }, h("span", {}, h("span", {}, name), output), input);
  return { element, input, set };
}

/** A menu of [value, name]; the first is chosen. */
export function menu(name, choices, act, chosen = choices[0][0]) {
  const select = h("select", { onchange: () => act(select.value) });
  select.append(...choices.map(([value, text]) => h("option", { value }, text)));
  select.value = chosen;
  return h("label", { className: "menu" }, h("span", {}, name), select);
}

/** One of several, as radio buttons in a row. */
export function oneOf(name, choices, act) {
  const group = `choice-${Math.random().toString(36).slice(2)}`;
  const options = choices.map(([value, text], i) => {
    const input = h("input", { type: "radio", name: group, value, checked: i === 0, onchange: () => act(value) });
    return h("label", {}, input, h("span", {}, text));
  });
  return h("fieldset", { className: "one-of" }, h("legend", { className: "unseen" }, name), ...options);
}

/** A number with the sign that mathematicians write, in so many digits after the point. */
export function number(value, digits = 3) {
  const text = Math.abs(value).toFixed(digits);
  return (value < 0 && Number(text) !== 0 ? "−" : "") + text;
}

export function vector([x, y], digits = 3) {
  return `(${number(x, digits)}, ${number(y, digits)})`;
}

const IN_THOUSANDS = new Intl.NumberFormat("en");

export function count(value) {
  return IN_THOUSANDS.format(value);
}

/** Let an element say a text; to say the same again costs nothing. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
