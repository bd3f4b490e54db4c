// Pins: one place, or the reports of a GeoJSON address, which open on click.
import Feature from "ol/Feature.js";
import GeoJSON from "ol/format/GeoJSON.js";
import Point from "ol/geom/Point.js";
import VectorLayer from "ol/layer/Vector.js";
import { fromLonLat } from "ol/proj.js";
import VectorSource from "ol/source/Vector.js";
import CircleStyle from "ol/style/Circle.js";
import Fill from "ol/style/Fill.js";
import Icon from "ol/style/Icon.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";

const PIN =
  "data:image/svg+xml," +
  encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" width="36" height="44" viewBox="0 0 36 44">' +
      '<path d="M18 2A15 15 0 0 0 3 17c0 11 12 22 15 25 3-3 15-14 15-25A15 15 0 0 0 18 2z" ' +
      'fill="#c31c13" stroke="#fff" stroke-width="2.5"/><circle cx="18" cy="17" r="5.5" fill="#fff"/></svg>',
  );

const COLOURS = { resolved: "#007155", not_actionable: "#51577a", duplicate: "#51577a" };
// Without a basemap only borders and names tell where a pin is: keep some of them in the window.
const PIN_ZOOM = 11.5;
const OPEN = "#1a3da5";

export function addPin(map, lat, long) {
  const feature = new Feature(new Point(fromLonLat([long, lat])));
  const style = new Style({ image: new Icon({ src: PIN, anchor: [0.5, 0.97] }) });
  map.addLayer(new VectorLayer({ source: new VectorSource({ features: [feature] }), style, zIndex: 5 }));
  map.getView().setCenter(feature.getGeometry().getCoordinates());
  map.getView().setZoom(PIN_ZOOM);
  return feature;
}

export async function addFeatures(map, address) {
  const response = await fetch(address, { headers: { Accept: "application/geo+json, application/json" } });
  if (!response.ok) {
    return;
  }
  const features = new GeoJSON({ featureProjection: "EPSG:3857" }).readFeatures(await response.json());
  const source = new VectorSource({ features });
  map.addLayer(new VectorLayer({ source, style: styleOfReport, zIndex: 5 }));
  if (features.length) {
    map.getView().fit(source.getExtent(), { padding: [40, 40, 40, 40], maxZoom: 15 });
  }
  map.on("click", ({ pixel }) => {
    const found = map.forEachFeatureAtPixel(pixel, (feature) => feature.get("href"), { hitTolerance: 8 });
    if (found && new URL(found, location.href).origin === location.origin) {
      location.assign(found);
    }
  });
}

function styleOfReport(feature) {
  return new Style({
    image: new CircleStyle({
      radius: 9,
      fill: new Fill({ color: COLOURS[feature.get("state")] ?? OPEN }),
      stroke: new Stroke({ color: "#ffffff", width: 2.5 }),
    }),
  });
}
