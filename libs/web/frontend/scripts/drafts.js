// Drafts: what is typed stays on this device for a day, contact data only in this tab.
import { each, make } from "./elements.js";
import { forgetFiles } from "./kept_files.js";
import { text } from "./texts.js";

const DAY = 24 * 60 * 60 * 1000;
const CONTACT = new Set(["name", "given-name", "family-name", "email", "tel", "street-address"]);

export function keepDrafts() {
  each("[data-melder-draft-done]", (element) => forget(element.dataset.melderDraftDone));
  each("form[data-melder-draft]", keep);
}

function keep(form) {
  const key = form.dataset.melderDraft;
  if (!form.querySelector("[aria-invalid]")) {
    restore(form, key);
  }
  let waiting;
  const save = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => store(form, key), 250);
  };
  form.addEventListener("input", save);
  form.addEventListener("change", save);
  form.addEventListener("melder:changed", save);
  window.addEventListener("pagehide", () => store(form, key));
  form.addEventListener("submit", (event) => holdWhileOffline(event, form, key));
}

function fields(form) {
  return [...form.elements].filter(
    (field) =>
      field.name &&
      field.name !== "form_token" &&
      !["file", "submit", "image", "button", "password"].includes(field.type),
  );
}

function store(form, key) {
  if (form.dataset.melderForgotten) {
    return;
  }
  const kept = { local: [], session: [] };
  for (const field of fields(form)) {
    const isChoice = field.type === "checkbox" || field.type === "radio";
    if (isChoice ? field.checked : field.value) {
      const place = CONTACT.has(field.autocomplete) ? "session" : "local";
      kept[place].push([field.name, field.value]);
    }
  }
  write(localStorage, key, kept.local);
  write(sessionStorage, key, kept.session);
}

function restore(form, key) {
  const drafts = [read(localStorage, key), read(sessionStorage, key)].filter(Boolean);
  const values = drafts.flatMap((draft) => draft.values);
  const changed = values.filter(([name, value]) => fill(form, name, value));
  if (changed.length) {
    form.prepend(notice(form, key, Math.max(...drafts.map((draft) => draft.at))));
    form.dispatchEvent(new CustomEvent("melder:restored"));
  }
}

// Fills a field that still has the value the server gave it; says whether anything changed.
function fill(form, name, value) {
  let changed = false;
  const all = fields(form).filter((field) => field.name === name);
  if (name.endsWith("_claim") && !all.some((field) => field.value === value)) {
    const photos = form.querySelector(`[data-claim-name="${CSS.escape(name)}"]`);
    photos?.dispatchEvent(new CustomEvent("melder:claim", { detail: value }));
    return Boolean(photos);
  }
  for (const field of all) {
    if (field.type === "checkbox" || field.type === "radio") {
      if (field.value === value && !field.checked) {
        field.checked = true;
        changed = true;
      }
    } else if (field.type !== "hidden" || !field.value) {
      const untouched = field.value === (field.defaultValue ?? "") || field.tagName === "SELECT";
      if (untouched && field.value !== value) {
        field.value = value;
        changed = true;
      }
    }
  }
  return changed;
}

function notice(form, key, at) {
  const time = new Date(at).toLocaleTimeString(document.documentElement.lang, { timeStyle: "short" });
  const discard = make("button", { type: "button", className: "kern-btn kern-btn--tertiary" });
  discard.append(make("span", { className: "kern-label" }, text("draftDiscard")));
  discard.addEventListener("click", () => {
    form.dataset.melderForgotten = "yes";
    forget(key);
    location.assign(location.pathname);
  });
  return make("div", { className: "m-draft", role: "status" }, make("p", {}, text("draftRestored", time)), discard);
}

function holdWhileOffline(event, form, key) {
  store(form, key);
  if (navigator.onLine) {
    return;
  }
  event.preventDefault();
  const note = form.querySelector(".m-draft--offline") ?? make("div", { className: "m-draft m-draft--offline", role: "alert" });
  note.textContent = text("offline");
  (event.submitter?.closest(".m-actions") ?? form.lastElementChild).before(note);
  window.addEventListener("online", () => (note.textContent = text("online")), { once: true });
}

function forget(key) {
  localStorage.removeItem(storageKey(key));
  sessionStorage.removeItem(storageKey(key));
  forgetFiles(key);
}

function write(storage, key, values) {
  try {
    storage.setItem(storageKey(key), JSON.stringify({ at: Date.now(), values }));
  } catch {
    // A full or forbidden storage loses the draft, never the form.
  }
}

function read(storage, key) {
  try {
    const draft = JSON.parse(storage.getItem(storageKey(key)));
    return draft && Date.now() - draft.at < DAY ? draft : null;
  } catch {
    return null;
  }
}

function storageKey(key) {
  return `melder.draft.${key}`;
}
