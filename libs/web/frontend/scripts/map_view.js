// The map itself: region and municipalities from our own GeoJSON, no basemap, German buttons.
import Attribution from "ol/control/Attribution.js";
import Zoom from "ol/control/Zoom.js";
import { isEmpty } from "ol/extent.js";
import GeoJSON from "ol/format/GeoJSON.js";
import { defaults as defaultInteractions } from "ol/interaction/defaults.js";
import VectorLayer from "ol/layer/Vector.js";
import OpenLayersMap from "ol/Map.js";
import VectorSource from "ol/source/Vector.js";
import Fill from "ol/style/Fill.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import Text from "ol/style/Text.js";
import View from "ol/View.js";

import { text } from "./texts.js";

const GERMANY = [1_160_000, 6_600_000];

export function createMap(frame, label) {
  frame.tabIndex = 0;
  frame.setAttribute("role", "application");
  frame.setAttribute("aria-label", label ? `${label}. ${text("mapLabel")}` : text("mapLabel"));
  return new OpenLayersMap({
    target: frame,
    view: new View({ center: GERMANY, zoom: 6, maxZoom: 20, minZoom: 5, enableRotation: false }),
    // Scrolling the page must not be caught by a map nobody has touched.
    interactions: defaultInteractions({ onFocusOnly: true }),
    controls: [
      new Zoom({ zoomInTipLabel: text("mapCloser"), zoomOutTipLabel: text("mapFarther") }),
      new Attribution({ collapsible: false }),
    ],
  });
}

// Features: municipalities with a name, and one with region = true for the outline.
export async function showOutline(map, address) {
  let document;
  try {
    const response = await fetch(address, { headers: { Accept: "application/geo+json, application/json" } });
    if (!response.ok) {
      return;
    }
    document = await response.json();
  } catch {
    return; // The map stays usable without borders; coordinates and address work all the same.
  }
  const features = new GeoJSON({ featureProjection: "EPSG:3857" }).readFeatures(document);
  const source = new VectorSource({ features, attributions: document.attribution });
  map.getLayers().insertAt(0, new VectorLayer({ source, style: styleOfArea, declutter: true }));
  const untouched = map.getView().getZoom() === 6;
  if (untouched && !isEmpty(source.getExtent())) {
    map.getView().fit(source.getExtent(), { padding: [16, 16, 16, 16] });
  }
}

function styleOfArea(feature) {
  if (feature.get("region")) {
    return new Style({ stroke: new Stroke({ color: "#1a3da5", width: 3 }), zIndex: 1 });
  }
  return new Style({
    fill: new Fill({ color: "#ffffff" }),
    stroke: new Stroke({ color: "#6e7597", width: 1 }),
    text: new Text({
      text: feature.get("name") ?? "",
      font: '15px "Fira Sans", sans-serif',
      fill: new Fill({ color: "#353b5b" }),
      stroke: new Stroke({ color: "#ffffff", width: 3 }),
      overflow: false,
    }),
  });
}
