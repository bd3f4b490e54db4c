import { each } from "./elements.js";
import { improveForms } from "./forms.js";
import { loadShownMaps } from "./map_loader.js";
import { offerShortcuts } from "./shortcuts.js";

each("[data-melder-confirm]", (form) => {
  form.addEventListener("submit", (event) => {
    if (!window.confirm(form.dataset.melderConfirm)) {
      event.preventDefault();
    }
  });
});
// A select that filters sends its form at once; its button stays for those without scripts.
each("[data-melder-send-on-change]", (field) => {
  field.addEventListener("change", () => field.form.requestSubmit());
});
improveForms();
loadShownMaps();
offerShortcuts();
