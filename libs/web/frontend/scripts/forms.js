// Forms: one click sends once, the focus goes to what is wrong, texts say how much is left.
import { each } from "./elements.js";
import { text } from "./texts.js";

export function improveForms() {
  each("form[data-melder-form]", sendOnce);
  each("textarea[data-melder-count]", countCharacters);
  each("[data-melder-focus]", (element) => element.focus());
  each("[data-melder-back]", (button) => {
    button.hidden = history.length < 2;
    button.addEventListener("click", () => history.back());
  });
}

function sendOnce(form) {
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) {
      return;
    }
    if (form.dataset.melderSending) {
      event.preventDefault();
      return;
    }
    form.dataset.melderSending = "yes";
    const button = event.submitter ?? form.querySelector(".kern-btn[type=submit]");
    const label = button?.querySelector(".kern-label");
    if (label) {
      button.dataset.melderLabel = label.textContent;
      label.textContent = text("sending");
      button.setAttribute("aria-disabled", "true");
    }
  });
  // Back from the next page, the form can be sent again.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) {
      release(form);
    }
  });
}

function release(form) {
  delete form.dataset.melderSending;
  for (const button of form.querySelectorAll("[data-melder-label]")) {
    button.querySelector(".kern-label").textContent = button.dataset.melderLabel;
    button.removeAttribute("aria-disabled");
  }
}

function countCharacters(area) {
  const limit = Number(area.dataset.melderCount);
  const note = document.getElementById(`${area.id}-count`);
  const show = () => {
    const left = limit - [...area.value].length;
    note.textContent = left < 0 ? text("charactersOver", -left) : text("charactersLeft", left);
    note.classList.toggle("m-count-text--over", left < 0);
  };
  area.addEventListener("input", show);
  show();
}
