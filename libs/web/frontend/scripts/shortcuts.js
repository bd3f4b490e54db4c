// Single-key shortcuts of the desk, off until the person switches them on (WCAG 2.1.4).
// Elements name their key: data-melder-key="j"; links and buttons are clicked, fields focused.
import { each } from "./elements.js";
import { text } from "./texts.js";

const SWITCH = "melder.shortcuts";

export function offerShortcuts() {
  each("[data-melder-shortcuts]", (box) => {
    box.closest("[hidden]")?.removeAttribute("hidden");
    box.checked = localStorage.getItem(SWITCH) === "on";
    box.addEventListener("change", () => {
      localStorage.setItem(SWITCH, box.checked ? "on" : "off");
      const note = document.querySelector("[data-melder-shortcuts-status]");
      if (note) {
        note.textContent = text(box.checked ? "shortcutsOn" : "shortcutsOff");
      }
    });
  });
  document.addEventListener("keydown", press);
}

function press(event) {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  const modified = event.ctrlKey || event.metaKey || event.altKey;
  if (typing || modified || localStorage.getItem(SWITCH) !== "on") {
    return;
  }
  if (event.key === "j" || event.key === "k") {
    moveInList(event.key === "j" ? 1 : -1);
    return;
  }
  const target = document.querySelector(`[data-melder-key="${CSS.escape(event.key)}"]`);
  if (target) {
    event.preventDefault();
    if (target.matches("input, textarea, select")) {
      target.focus();
    } else {
      target.click();
    }
  }
}

function moveInList(step) {
  const rows = [...document.querySelectorAll("[data-melder-row], .m-card__link")];
  const now = rows.indexOf(document.activeElement);
  rows[Math.min(Math.max(now + step, 0), rows.length - 1)]?.focus();
}
