// The map bundle: a picker inside a place field, or a map that only shows.
import { each, make } from "./elements.js";
import { createMap, showOutline } from "./map_view.js";
import { addPicker } from "./map_picker.js";
import { addFeatures, addPin } from "./map_features.js";

each("[data-melder-map]", async (element) => {
  const root = element.closest("[data-melder-place]");
  const frame = make("div", { className: "m-map__view" });
  element.append(frame);
  element.hidden = false;
  const map = createMap(frame, element.dataset.label);
  if (root) {
    addPicker(map, element, frame, root);
    root.querySelector("[data-melder-picture]")?.remove();
  } else if (element.dataset.lat) {
    addPin(map, Number(element.dataset.lat), Number(element.dataset.long));
  }
  await showOutline(map, (root ?? element).dataset.outline);
  if (element.dataset.features) {
    await addFeatures(map, element.dataset.features);
  }
});
