// Choosing a place: crosshair and button (keyboard, thumbs), or a click on the spot.
import { fromLonLat, toLonLat } from "ol/proj.js";

import { icon, make } from "./elements.js";
import { addPin } from "./map_features.js";
import { text } from "./texts.js";

const CLOSE_ZOOM = 13;

export function addPicker(map, element, frame, root) {
  const button = make("button", { type: "button", className: "kern-btn kern-btn--secondary kern-btn--block" });
  button.append(icon("place"), make("span", { className: "kern-label" }, text("mapTake")));
  frame.append(crosshair());
  element.append(make("p", { className: "m-map__help" }, text("mapHelp")), button);
  let pin = null;

  const draw = (place, zoom) => {
    const point = fromLonLat([place.long, place.lat]);
    if (pin) {
      pin.getGeometry().setCoordinates(point);
    } else {
      const before = map.getView().getZoom();
      pin = addPin(map, place.lat, place.long);
      map.getView().setZoom(Math.max(before, zoom ?? before));
    }
    map.getView().setCenter(point);
  };
  const take = (point) => {
    const [long, lat] = toLonLat(point);
    root.dispatchEvent(new CustomEvent("melder:take", { detail: { lat, long } }));
  };

  button.addEventListener("click", () => take(map.getView().getCenter()));
  frame.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      take(map.getView().getCenter());
    }
  });
  map.on("singleclick", ({ coordinate }) => take(coordinate));
  root.addEventListener("melder:place", ({ detail }) => detail && draw(detail, CLOSE_ZOOM));
  const [lat, long] = ["lat", "long"].map((name) => {
    const typed = root.querySelector(`[name="${name}"]`).value.trim();
    return typed === "" ? NaN : Number(typed.replace(",", "."));
  });
  if (Number.isFinite(lat) && Number.isFinite(long)) {
    draw({ lat, long }, CLOSE_ZOOM);
  }
}

function crosshair() {
  const name = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(name, "svg");
  drawing.setAttribute("viewBox", "0 0 48 48");
  drawing.setAttribute("class", "m-map__cross");
  drawing.setAttribute("aria-hidden", "true");
  for (const [colour, width] of [
    ["#ffffff", "6"],
    ["#171a2b", "2.5"],
  ]) {
    const path = document.createElementNS(name, "path");
    path.setAttribute("d", "M24 4v14m0 12v14M4 24h14m12 0h14");
    path.setAttribute("stroke", colour);
    path.setAttribute("stroke-width", width);
    drawing.append(path);
  }
  return drawing;
}
