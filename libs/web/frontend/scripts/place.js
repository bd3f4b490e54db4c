// The place: device position, coordinates, map, and at once who is responsible there.
import { each, icon, make } from "./elements.js";
import { loadMapSoon } from "./map_loader.js";
import { text } from "./texts.js";

const ROUGH_M = 50;

export function improvePlaces() {
  each("[data-melder-place]", (root) => new PlaceField(root));
}

class PlaceField {
  constructor(root) {
    this.root = root;
    this.form = root.closest("form");
    this.inputs = Object.fromEntries(
      ["lat", "long", "accuracy_m", "asset_id"].map((name) => [name, root.querySelector(`[name="${name}"]`)]),
    );
    this.status = root.querySelector("[data-melder-place-status]");
    this.answer = root.querySelector("[data-melder-answer]");
    this.offerPosition(root.querySelector("[data-melder-locate]"));
    this.form?.addEventListener("melder:suggestion", (event) => this.suggest(event.detail));
    this.form?.addEventListener("melder:restored", () => this.tell());
    root.addEventListener("melder:take", (event) => this.set(event.detail, text("placeSet")));
    this.inputs.asset_id?.addEventListener("change", () => this.ask());
    for (const name of ["lat", "long"]) {
      this.inputs[name].addEventListener("change", () => {
        this.inputs.accuracy_m.value = "";
        this.tell();
      });
    }
    document.getElementById(root.dataset.serviceField)?.addEventListener("change", () => this.ask());
    for (const radio of this.form?.querySelectorAll(`[name="${root.dataset.serviceField}"]`) ?? []) {
      radio.addEventListener("change", () => this.ask());
    }
    loadMapSoon(root);
    this.ask();
  }

  get place() {
    const [lat, long] = ["lat", "long"].map((name) => number(this.inputs[name].value));
    const inRange = Math.abs(lat) <= 90 && Math.abs(long) <= 180;
    return inRange ? { lat, long } : null;
  }

  set({ lat, long, accuracy }, status) {
    this.inputs.lat.value = lat.toFixed(6);
    this.inputs.long.value = long.toFixed(6);
    this.inputs.accuracy_m.value = accuracy ? Math.round(accuracy) : "";
    this.status.textContent = status;
    this.tell();
  }

  // A photo's position fills an empty place, it never moves one that somebody chose.
  suggest(suggestion) {
    if (!this.place && Number.isFinite(suggestion.lat) && Number.isFinite(suggestion.long)) {
      this.set({ lat: suggestion.lat, long: suggestion.long }, text("placeFromPhoto"));
    }
  }

  tell() {
    this.form?.dispatchEvent(new CustomEvent("melder:changed"));
    this.root.dispatchEvent(new CustomEvent("melder:place", { detail: this.place }));
    this.ask();
  }

  offerPosition(box) {
    if (!box || !("geolocation" in navigator) || !window.isSecureContext) {
      return;
    }
    box.hidden = false;
    box.querySelector("button").addEventListener("click", () => {
      this.status.textContent = text("locating");
      navigator.geolocation.getCurrentPosition(
        ({ coords }) => {
          const metres = Math.max(1, Math.round(coords.accuracy));
          const key = metres > ROUGH_M ? "locatedRoughly" : "located";
          this.set(
            { lat: coords.latitude, long: coords.longitude, accuracy: coords.accuracy },
            text(key, metres),
          );
        },
        (error) => {
          this.status.textContent = text(error.code === 1 ? "locateDenied" : "locateFailed");
        },
        { enableHighAccuracy: true, timeout: 15_000, maximumAge: 30_000 },
      );
    });
  }

  ask() {
    clearTimeout(this.waiting);
    this.running?.abort();
    const place = this.place;
    if (!place) {
      this.answer.hidden = true;
      return;
    }
    this.waiting = setTimeout(() => this.fetchAnswer(place), 300);
  }

  async fetchAnswer(place) {
    const running = (this.running = new AbortController());
    const query = new URLSearchParams({ lat: place.lat, long: place.long });
    const category = this.form?.elements[this.root.dataset.serviceField]?.value;
    if (category) {
      query.set("service_code", category);
    }
    for (const name of ["accuracy_m", "asset_id"]) {
      const typed = this.inputs[name]?.value.trim();
      if (typed) {
        query.set(name, typed);
      }
    }
    query.set("language", document.documentElement.lang);
    try {
      const response = await fetch(`${this.root.dataset.responsibility}?${query}`, {
        signal: running.signal,
        headers: { Accept: "application/json" },
      });
      this.show(response.ok ? await response.json() : null);
    } catch (error) {
      if (error.name !== "AbortError") {
        this.show(null);
      }
    }
  }

  show(decision) {
    this.form?.querySelector("[data-melder-answer-plain]")?.remove();
    const outside = decision?.status === "outside";
    this.answer.classList.toggle("m-answer--warning", outside);
    this.answer.replaceChildren(
      icon(outside ? "warning" : "info"),
      ...sentences(decision).map((sentence, index) =>
        make("p", { className: index ? "m-answer__why" : "m-answer__who" }, sentence),
      ),
    );
    this.answer.hidden = false;
  }
}

function sentences(decision) {
  if (decision?.status === "outside") {
    const name = decision.serving_body?.name;
    return [text("outside"), name ? text("servedBy", name) : decision.reason].filter(Boolean);
  }
  if (takesNoPart(decision)) {
    return [text("responsibleElsewhere", decision.serving_body.name), decision.reason].filter(Boolean);
  }
  if (!decision?.responsible) {
    return [text("responsibleLater"), decision ? decision.reason : text("sendAnyway")].filter(Boolean);
  }
  const key = decision.border || decision.snapped ? "responsibleLikely" : "responsible";
  return [text(key, decision.responsible.name), decision.reason].filter(Boolean);
}

// Somebody is responsible who is only named to citizens; whoever clears it is not.
function takesNoPart(decision) {
  const named = decision?.serving_body?.slug;
  return decision?.status === "unserved" && Boolean(named) && named !== decision.working?.slug;
}

// Accepts the German decimal comma; NaN when there is no number.
function number(typed) {
  return typed.trim() === "" ? NaN : Number(typed.trim().replace(",", "."));
}
