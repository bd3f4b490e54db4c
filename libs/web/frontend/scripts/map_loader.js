// Brings the map bundle when a map comes near the window, never before the form is usable.
let requested = false;

export function loadMapSoon(root) {
  const begin = () => {
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) {
          observer.disconnect();
          loadMap(root.dataset);
        }
      },
      { rootMargin: "300px" },
    );
    observer.observe(root);
  };
  if (document.readyState === "complete") {
    begin();
  } else {
    window.addEventListener("load", begin, { once: true });
  }
}

export function loadShownMaps() {
  for (const map of document.querySelectorAll('[data-melder-map="show"]')) {
    map.hidden = false;
    loadMapSoon(map);
  }
}

function loadMap({ mapScript, mapIntegrity }) {
  if (requested) {
    return;
  }
  requested = true;
  const script = document.createElement("script");
  script.type = "module";
  script.src = mapScript;
  script.integrity = mapIntegrity;
  document.head.append(script);
}
